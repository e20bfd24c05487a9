import { unsetSecrets } from '../decide/secrets.ts'
import { ConfigError, formatProblem } from '../model/parse-config.ts'
import { loadConfig } from './load-config.ts'
import { checkDeployable } from './load-deployable.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'

/**
 * `vedette validate`: 0 where the config is right, else 2 with every problem; those of AWS too where it names vantages. Secrets
 * that are not in this environment are warnings: another machine may have them.
 */
export async function validate(options: { config?: string; json?: boolean }, output: Output): Promise<number> {
  try {
    const config = await loadConfig(options.config)
    if (config.vantages.length > 0) checkDeployable(config)
    const { service, monitors, failovers } = config
    const warnings = unsetSecrets(config, process.env)
    if (options.json)
      output.out(
        JSON.stringify({ valid: true, service, monitors: monitors.length, failovers: failovers.length, problems: [], warnings }),
      )
    else
      output.out(
        `${service}: the config is right (${count(monitors.length, 'monitor')}, ${count(failovers.length, 'failover')})`,
      )
    if (!options.json) for (const warning of warnings) output.err(`warning: ${warning}`)
    return 0
  } catch (error) {
    if (!options.json || !(error instanceof ConfigError || error instanceof UsageError)) throw error
    const problems = error instanceof ConfigError ? error.problems : []
    output.out(JSON.stringify({ valid: false, ...(error instanceof UsageError && { error: error.message }), problems }))
    return 2
  }
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** Every problem of a config in a line of its own. */
export function configProblems({ problems }: ConfigError): string {
  return [
    `The config has ${count(problems.length, 'problem')}:`,
    ...problems.map((problem) => `  ${formatProblem(problem)}`),
  ].join('\n')
}
