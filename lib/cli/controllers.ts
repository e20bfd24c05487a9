import type { ControlRequest } from '../decide/failover-asset.ts'
import { failoverName } from '../decide/names.ts'
import { askEngine, defaultSocket } from '../local/control.ts'
import { loadConfig } from './load-config.ts'
import { UsageError } from './usage-error.ts'

/** Where commands go: the engine on this machine, or the controllers in AWS. */
export interface ControllerOptions {
  config?: string
  socket?: string
  /** Ask the controllers that the config names, with the credentials of the environment. */
  aws?: boolean
}

/** What one controller answered, or why it did not. */
export type Answered<Answer> = { where: string } & ({ answer: Answer } | { problem: string })

/** Asks one controller. Rejects with what it refused; `NotReached` where it did not hear of it. */
export interface ControllerLine {
  where: string
  ask<Answer>(asked: ControlRequest): Promise<Answer>
}

/** A controller that has not been reached: another may be asked instead. */
class NotReached extends Error {}

/** A person's move is answered when it is seen to be served, a drill when it is over. */
const longestMs = 15 * 60_000

/** The controllers to ask, home first. */
export async function controllersOf({
  aws,
  config,
  socket = defaultSocket,
}: ControllerOptions): Promise<ControllerLine[]> {
  if (!aws) return [{ where: 'the engine', ask: (asked) => askHere(socket, asked) }]
  const loaded = await loadConfig(config)
  if (loaded.controllers.length === 0 || loaded.failovers.length === 0)
    throw new UsageError('the config has no "controllers" or no "failovers": there is nobody in AWS to ask')
  // The SDK's credentials are loaded by those who need them.
  const { invokeFunction } = await import('../act/invoke.ts')
  const functionName = failoverName(loaded)
  return loaded.controllers.map((region) => ({
    where: region,
    ask: async <Answer>(asked: ControlRequest) => {
      const invoked = await invokeFunction({ region, functionName, event: asked, wait: true, timeoutMs: longestMs })
      if (invoked.kind === 'ok') return invoked.answer as Answer
      if (invoked.kind === 'unknown')
        throw new UsageError(
          `${region}: no answer (${invoked.message}): it may be under way. Look with "vedette failover status --aws" before asking again`,
        )
      if (invoked.thrown) throw new UsageError(invoked.thrown)
      const hint = `is ${functionName} deployed there, and may you lambda:InvokeFunction it?`
      throw new NotReached(`${region}: ${invoked.message} (${hint})`)
    },
  }))
}

/** The answer of the first controller that can be reached. */
export async function askFirst<Answer>(lines: readonly ControllerLine[], asked: ControlRequest): Promise<Answer> {
  const unreached: string[] = []
  for (const line of lines) {
    try {
      return await line.ask<Answer>(asked)
    } catch (error) {
      if (!(error instanceof NotReached)) throw error
      unreached.push(error.message)
    }
  }
  throw new UsageError(`no controller was reached:\n  ${unreached.join('\n  ')}`)
}

/** What each controller says. */
export function askAll<Answer>(lines: readonly ControllerLine[], asked: ControlRequest): Promise<Answered<Answer>[]> {
  return Promise.all(
    lines.map(async ({ where, ask }): Promise<Answered<Answer>> => {
      try {
        return { where, answer: await ask<Answer>(asked) }
      } catch (error) {
        return { where, problem: (error as Error).message }
      }
    }),
  )
}

async function askHere<Answer>(socket: string, asked: ControlRequest): Promise<Answer> {
  try {
    return await askEngine<Answer>(socket, asked)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED')
      throw new UsageError(
        `no engine with failovers listens at ${socket}: start "vedette run" (or npm start) and ask from the same folder, or ask those in AWS with --aws`,
      )
    throw new UsageError(message)
  }
}
