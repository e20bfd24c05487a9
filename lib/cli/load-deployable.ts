import { awsProblems } from '../decide/aws-checks.ts'
import type { Config } from '../model/config.ts'
import { ConfigError } from '../model/parse-config.ts'
import { loadConfig } from './load-config.ts'
import { UsageError } from './usage-error.ts'

/** Reads a config that is to run in AWS, with what AWS would refuse checked too. Throws as `loadConfig` does. */
export async function loadDeployable(file?: string): Promise<Config> {
  const config = await loadConfig(file)
  if (config.vantages.length === 0)
    throw new UsageError(
      'the config has no "vantages": add the regions to probe from, such as ["us-east-1", "eu-west-1"]',
    )
  return checkDeployable(config)
}

/** The config itself, if AWS would take it. Throws a `ConfigError` with everything it would refuse. */
export function checkDeployable(config: Config): Config {
  const problems = awsProblems(config)
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}
