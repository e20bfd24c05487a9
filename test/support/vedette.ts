import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const bin = fileURLToPath(new URL('../../bin/vedette.ts', import.meta.url))

export interface Vedette {
  process: ChildProcess
  /** What it wrote so far. */
  out(): string
  err(): string
  /** Resolves once a line of standard output is JSON with this event; rejects if the process ends first. */
  saw(event: string): Promise<Record<string, unknown>>
  /** Resolves once standard error holds this text; rejects if the process ends first. */
  said(text: string): Promise<void>
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | string>
}

/** Starts the command line in a process of its own. */
export function vedette(args: string[], cwd: string, env: Record<string, string> = {}): Vedette {
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: { ...process.env, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [out, err] = ['', '']
  const checks = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    for (const check of checks) check()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    for (const check of checks) check()
  })
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const find = (event: string) =>
    out
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find((line) => line.event === event)
  const until = <T>(what: string, look: () => T | undefined) =>
    new Promise<T>((resolve, reject) => {
      const check = () => {
        const seen = look()
        if (seen !== undefined) resolve(seen)
      }
      checks.add(check)
      check()
      void ended.then((code) => reject(new Error(`ended with ${code} before "${what}": ${out}${err}`)))
    })
  const saw = (event: string) => until(event, () => find(event))
  const said = async (text: string) => void (await until(text, () => err.includes(text) || undefined))
  return { process: child, out: () => out, err: () => err, saw, said, ended }
}
