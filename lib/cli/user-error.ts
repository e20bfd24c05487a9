import { ConfigError } from '../model/parse-config.ts'
import { UsageError } from './usage-error.ts'
import { configProblems } from './validate.ts'

/** What to tell someone whose config or command is wrong; undefined for an error that is our own. */
export function userErrorText(error: unknown): string | undefined {
  if (error instanceof ConfigError) return configProblems(error)
  if (error instanceof UsageError) return `vedette: ${error.message}`
  return undefined
}
