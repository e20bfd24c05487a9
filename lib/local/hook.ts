import { execFile } from 'node:child_process'
import type { Hook } from '../model/failover.ts'
import type { HookOutcome } from '../run/swap.ts'

const timeoutMs = 4 * 60_000

/**
 * Runs a hook as a command, without a shell, with what it needs to know in its environment: `VEDETTE_KEY` (the same for
 * every repetition of one switch), `VEDETTE_FAILOVER` and `VEDETTE_TO`. Exit code 0 is success; a time-out leaves it
 * unknown. Never rejects.
 */
export function runCommandHook(hook: Hook | undefined, about: { key: string; failover: string; to: string }) {
  return new Promise<HookOutcome>((resolve) => {
    const [program, ...args] = hook && 'command' in hook ? hook.command : []
    if (program === undefined) return resolve({ kind: 'hookFailed' })
    const { key, failover, to } = about
    const env = { ...process.env, VEDETTE_KEY: key, VEDETTE_FAILOVER: failover, VEDETTE_TO: to }
    execFile(program, args, { env, timeout: timeoutMs, killSignal: 'SIGKILL' }, (error) => {
      if (!error) resolve({ kind: 'hookOk' })
      else resolve({ kind: error.killed ? 'hookUnknown' : 'hookFailed' })
    })
  })
}
