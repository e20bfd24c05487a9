import { existsSync } from 'node:fs'
import path from 'node:path'
import { demoAsRun } from '../local/demo.ts'
import type { Config } from '../model/config.ts'
import { parseConfig } from '../model/parse-config.ts'
import { loadConfig, namedConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { defaultHistory, withHistory } from './read-history.ts'
import { UsageError } from './usage-error.ts'

/** Where `npm start` keeps what it saw: apart from the results of a user's own monitors. */
export const demoHistory = path.join('.vedette', 'demo.db')

export interface WatchedOptions {
  config?: string
  history?: string
  /** The demo of `npm start`. */
  demo?: boolean
  /** By what is in AWS: no history is read. */
  aws?: boolean
}

/** What a command is about: what is watched, and where the engine that watches it keeps what it saw. */
export interface Watched {
  config: Config
  history: string
}

/**
 * The config and the history that were named; without either, in a folder where nothing but the demo has run, those of the demo,
 * and says so. Throws `UsageError` or `ConfigError`.
 */
export async function watchedBy(options: WatchedOptions, output: Pick<Output, 'err'>): Promise<Watched> {
  const history = options.aws ? defaultHistory : historyFile(options, output)
  if (history === demoHistory && options.config === undefined) return { config: demoOf(history), history }
  return { config: await loadConfig(options.config), history }
}

/** The history that was named, or that is there. */
export function historyFile({ config, history, demo }: WatchedOptions, output: Pick<Output, 'err'>): string {
  if (history !== undefined) return history
  if (demo && !existsSync(demoHistory))
    throw new UsageError('the demo has not run in this folder: start it with "npm start", or "vedette run --demo"')
  if (demo) return demoHistory
  if (namedConfig(config) !== undefined || existsSync(defaultHistory) || !existsSync(demoHistory)) return defaultHistory
  output.err(`of the demo (npm start), as there is no ${defaultHistory}`)
  return demoHistory
}

/** Not every machine can have the demo's second origin. */
function demoOf(history: string): Config {
  const hasFailover = withHistory(history, (reader) => reader.latest('live', 1).length > 0)
  return parseConfig(demoAsRun(hasFailover))
}
