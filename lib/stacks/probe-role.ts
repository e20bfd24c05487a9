import type { Stack } from 'aws-cdk-lib'
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { failoverName, probeName, probeNowName } from '../decide/names.ts'
import { monitorsOf } from '../decide/plan.ts'
import { failoverMonitors } from '../decide/probe-now.ts'
import type { Config, Vantage } from '../model/config.ts'
import { acknowledgeAnyResource } from './nag.ts'
import {
  allow,
  documents,
  functionArn,
  logsStatement,
  metricsStatement,
  networkStatements,
  secretStatements,
} from './statements.ts'

/**
 * What the probe function of a vantage may do: write its log and its metrics, read the secrets that its monitors name, and
 * call every controller where there are failovers.
 */
export function probeRole(scope: Stack, config: Config, vantage: Vantage, logGroup: LogGroup): Role {
  const name = probeName(config, vantage.id)
  return roleOf(scope, 'ProbeRole', name, vantage, {
    Logs: [logsStatement(logGroup)],
    Metrics: [metricsStatement(config)],
    Secrets: secretStatements(scope, monitorsOf(config.monitors, vantage)),
    Trigger: triggerStatements(scope, config),
  })
}

/** What the probe-now function of a vantage may do: write its log, and read the secrets that the monitors of failovers name. */
export function probeNowRole(scope: Stack, config: Config, vantage: Vantage, logGroup: LogGroup): Role {
  const name = probeNowName(config, vantage.id)
  return roleOf(scope, 'ProbeNowRole', name, vantage, {
    Logs: [logsStatement(logGroup)],
    Secrets: secretStatements(scope, failoverMonitors(config)),
  })
}

function roleOf(
  scope: Stack,
  id: string,
  functionName: string,
  { vpcId }: Vantage,
  policies: Record<string, PolicyStatement[]>,
): Role {
  const isInVpc = vpcId !== undefined
  const role = new Role(scope, id, {
    description: `Runs ${functionName}`,
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: documents({ ...policies, ...(isInVpc && { Network: networkStatements(scope, functionName) }) }),
  })
  acknowledgeAnyResource(role, [
    ...('Metrics' in policies ? (['metrics'] as const) : []),
    ...(isInVpc ? (['network'] as const) : []),
  ])
  return role
}

function triggerStatements(scope: Stack, config: Config): PolicyStatement[] {
  const controllers = config.failovers.length > 0 ? config.controllers : []
  return allow(
    ['lambda:InvokeFunction'],
    controllers.map((region) => functionArn(scope, failoverName(config), region)),
  )
}
