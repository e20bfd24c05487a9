import { awsProblems } from '../decide/aws-checks.ts'
import type { Config } from '../model/config.ts'
import { loadConfig } from './load-config.ts'
import { UsageError } from './usage-error.ts'

/** Reads a config that is to run in AWS, with what AWS would refuse checked too. Throws as `loadConfig` does. */
export async function loadDeployable(file?: string): Promise<Config> {
  const config = await loadForValidation(file)
  if (config.vantages.length === 0)
    throw new UsageError(
      'the config has no "vantages": add the regions to probe from, such as ["us-east-1", "eu-west-1"]',
    )
  return config
}

/** The same, but a config without vantages is right as it is: it runs on one machine. */
export function loadForValidation(file?: string): Promise<Config> {
  return loadConfig(file, (config) => (config.vantages.length > 0 ? awsProblems(config) : []))
}
