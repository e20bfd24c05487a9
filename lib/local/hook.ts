import { execFile } from 'node:child_process'
import { runLambdaHook } from '../act/lambda-hook.ts'
import type { Failover } from '../model/failover.ts'
import type { HookCall, HookOutcome } from '../run/swap.ts'

const timeoutMs = 4 * 60_000

/** Runs a hook of a failover: a command here, or a function in AWS. Never rejects. */
export async function runHook(failover: Failover, call: HookCall): Promise<HookOutcome> {
  const hook = failover.hooks[call.name]
  if (!hook) return { kind: 'hookFailed' }
  return 'command' in hook ? runCommand(hook.command, failover, call) : runLambdaHook(hook.lambda, failover, call)
}

/**
 * Runs a hook as a command, without a shell, with what it needs to know in its environment: `VEDETTE_HOOK` (`before` or
 * `after`), `VEDETTE_KEY` (the same for every repetition of one switch), `VEDETTE_FAILOVER` and `VEDETTE_TO`. Exit code 0
 * is success; a time-out leaves it unknown.
 */
function runCommand([program = '', ...args]: readonly string[], { id }: Failover, { name, key, to }: HookCall) {
  return new Promise<HookOutcome>((resolve) => {
    const env = { ...process.env, VEDETTE_HOOK: name, VEDETTE_KEY: key, VEDETTE_FAILOVER: id, VEDETTE_TO: to }
    execFile(program, args, { env, timeout: timeoutMs, killSignal: 'SIGKILL' }, (error) => {
      if (!error) resolve({ kind: 'hookOk' })
      else resolve({ kind: error.killed ? 'hookUnknown' : 'hookFailed' })
    })
  })
}
