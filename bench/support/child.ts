import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** A bench process of ours that speaks over IPC: one message in, one message out. */
export interface Child {
  pid: number
  ask<Answer>(question: unknown): Promise<Answer>
  stop(): void
}

/** Starts a module as a child and waits for its first message, which is given as `hello`. */
export async function startChild<Hello>(module: URL, args: string[] = []): Promise<Child & { hello: Hello }> {
  const child = fork(module, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const { promise: ended, reject } = Promise.withResolvers<never>()
  child.once('exit', (code) => reject(new Error(`bench child ended with code ${code} before it answered`)))
  // Nobody may be waiting when it is stopped.
  ended.catch(() => {})
  const message = async <T>() => (await Promise.race([once(child, 'message'), ended]))[0] as T
  return {
    hello: await message<Hello>(),
    pid: child.pid ?? 0,
    ask: <Answer>(question: unknown) => {
      child.send(question as object)
      return message<Answer>()
    },
    stop: () => child.kill(),
  }
}

/** CPU milliseconds, user and system, of all threads of a process so far. Linux only (proc(5), fields 14 and 15). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const ticksPerSecond = 100 // USER_HZ: fixed at 100 on every architecture we run on
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
}

/** Runs `count` pieces of work, `width` at a time. */
export async function inParallel(count: number, width: number, work: () => Promise<void>): Promise<void> {
  let left = count
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left-- > 0) await work()
    }),
  )
}
