import { spawn } from 'node:child_process'
import { runLambdaHook } from '../act/lambda-hook.ts'
import type { Failover } from '../model/failover.ts'
import type { HookCall, HookOutcome } from '../run/swap.ts'

const longestMs = 4 * 60_000

/** Runs a hook of a failover: a command here, or a function in AWS. Never rejects. */
export async function runHook(failover: Failover, call: HookCall, timeoutMs = longestMs): Promise<HookOutcome> {
  const hook = failover.hooks[call.name]
  if (!hook) return { kind: 'hookFailed', why: 'it is not configured' }
  if ('lambda' in hook) return runLambdaHook(hook.lambda, failover, call)
  return runCommand(hook.command, failover, call, timeoutMs)
}

/**
 * Runs a hook as a command, without a shell, with what it needs to know in its environment: `VEDETTE_HOOK` (`before` or
 * `after`), `VEDETTE_KEY` (the same for every repetition of one switch), `VEDETTE_FAILOVER` and `VEDETTE_TO`. Exit code 0
 * is success; a time-out, or another signal, leaves it unknown. What it prints is its own to keep, and so is what it starts.
 */
function runCommand(
  [program = '', ...args]: readonly string[],
  { id }: Failover,
  { name, key, to }: HookCall,
  timeout: number,
): Promise<HookOutcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, VEDETTE_HOOK: name, VEDETTE_KEY: key, VEDETTE_FAILOVER: id, VEDETTE_TO: to }
    try {
      const child = spawn(program, args, { env, timeout, killSignal: 'SIGKILL', stdio: 'ignore' })
      child.once('error', ({ message }) => resolve({ kind: 'hookFailed', why: message }))
      child.once('exit', (code, signal) => {
        if (code === 0) resolve({ kind: 'hookOk' })
        else if (code !== null) resolve({ kind: 'hookFailed', why: `${program} ended with exit code ${code}` })
        else resolve({ kind: 'hookUnknown', why: `${program} was ended by ${signal}` })
      })
    } catch (error) {
      // Such as a program without a name.
      resolve({ kind: 'hookFailed', why: (error as Error).message })
    }
  })
}
