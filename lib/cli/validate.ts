import { awsWarnings } from '../decide/aws-warnings.ts'
import { unsetSecrets } from '../decide/secrets.ts'
import type { Config } from '../model/config.ts'
import { isEndpointMonitor } from '../model/endpoint-monitors.ts'
import type { Monitor } from '../model/monitor.ts'
import { ConfigError, formatProblem } from '../model/parse-config.ts'
import { loadForValidation } from './load-deployable.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'

/**
 * `vedette validate`: 0 where the config is right, with what a deploy would warn of and the secrets that are not in this
 * environment (another machine may have them); else 2 with every problem, those of AWS too where it names vantages.
 */
export async function validate(options: { config?: string; json?: boolean }, output: Output): Promise<number> {
  try {
    const config = await loadForValidation(options.config)
    const deploy = config.vantages.length > 0 ? awsWarnings(config).map(({ text }) => text) : []
    const warnings = [...deploy, ...unsetSecrets(config, process.env)]
    output.out(options.json ? rightJson(config, warnings) : rightText(config, warnings))
    return 0
  } catch (error) {
    if (!options.json || !(error instanceof ConfigError || error instanceof UsageError)) throw error
    const problems = error instanceof ConfigError ? error.problems : []
    output.out(JSON.stringify({ valid: false, ...(error instanceof UsageError && { error: error.message }), problems }))
    return 2
  }
}

function rightJson({ service, monitors, failovers }: Config, warnings: string[]): string {
  const counts = { monitors: monitors.length, endpointMonitors: ofEndpoints(monitors), failovers: failovers.length }
  return JSON.stringify({ valid: true, service, ...counts, problems: [], warnings })
}

function rightText({ service, monitors, failovers }: Config, warnings: string[]): string {
  const counts = `${monitorsInWords(monitors)}, ${count(failovers.length, 'failover')}`
  return [`${service}: the config is right (${counts})`, ...warnings.map((text) => `  warning: ${text}`)].join('\n')
}

/** `5 monitors, and 2 for endpoints of failovers`: those that stand in a config, and those that its failovers add. */
export function monitorsInWords(monitors: readonly Monitor[]): string {
  const added = ofEndpoints(monitors)
  const written = count(monitors.length - added, 'monitor')
  return added > 0 ? `${written}, and ${added} for endpoints of failovers` : written
}

function ofEndpoints(monitors: readonly Monitor[]): number {
  return monitors.filter(isEndpointMonitor).length
}

/** So many of something, in words: `1 problem`, `3 problems`. */
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
