import { type App, Stack } from 'aws-cdk-lib'
import { CfnHealthCheck, CfnRecordSet } from 'aws-cdk-lib/aws-route53'
import { Construct } from 'constructs'
import { servePrimaryAlarm } from '../decide/failover-alarms.ts'
import { recordsName } from '../decide/names.ts'
import { answerOf, type RecordSet } from '../decide/swap-records.ts'
import type { Config } from '../model/config.ts'
import type { Failover } from '../model/failover.ts'
import { stackProps, type Target } from './stack-props.ts'

/**
 * The records of failovers that move by health checks, and those checks: Route 53 itself answers with the secondary while
 * either controller says so, and needs no control plane for it. They are of no region, so they are in one stack, at home. A
 * record that was there before has to be deleted first: CloudFormation takes over none.
 */
export class RecordsStack extends Stack {
  constructor(app: App, config: Config, region: string, target: Target) {
    const name = recordsName(config)
    super(app, name, {
      ...stackProps(config, region, target, {
        tags: { 'vedette:controller': region },
        description: `Vedette's records and health checks for ${config.service}`,
      }),
      stackName: name,
    })
    for (const failover of byHealthCheck(config)) addFailover(this, config, failover)
  }
}

/** The failovers that move by health checks. */
export function byHealthCheck({ failovers }: Pick<Config, 'failovers'>): Failover[] {
  return failovers.filter((failover) => failover.switch === 'health-check')
}

function addFailover(stack: Stack, config: Config, failover: Failover): void {
  // A scope of its own keeps ids that differ in a dot or a hyphen apart in logical ids.
  const scope = new Construct(stack, `Failover-${failover.id}`)
  const check = addHealthCheck(scope, config, failover)
  for (const [i, endpoint] of failover.endpoints.entries())
    for (const set of answerOf(failover, endpoint))
      new CfnRecordSet(scope, `${i === 0 ? 'Primary' : 'Secondary'}-${set.type}`, {
        ...recordSet(set),
        hostedZoneId: failover.hostedZoneId,
        setIdentifier: endpoint.id,
        failover: i === 0 ? 'PRIMARY' : 'SECONDARY',
        // The secondary has none: where nothing is healthy, the primary is served.
        ...(i === 0 && { healthCheckId: check.attrHealthCheckId }),
      })
}

/**
 * Healthy while every controller says so: a check over each controller's alarm, and one over these that wants them all. A
 * controller that is dead keeps what it said last, so it neither moves anything nor stands in the way of the other
 * (https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html).
 */
function addHealthCheck(scope: Construct, config: Config, failover: Failover): CfnHealthCheck {
  const alarm = servePrimaryAlarm(failover, config)
  const children = config.controllers.map(
    (region) =>
      new CfnHealthCheck(scope, `Controller-${region}`, {
        healthCheckConfig: {
          type: 'CLOUDWATCH_METRIC',
          alarmIdentifier: { name: alarm.name, region },
          insufficientDataHealthStatus: 'LastKnownStatus',
        },
        healthCheckTags: [{ key: 'Name', value: `${alarm.name} ${region}` }],
      }),
  )
  return new CfnHealthCheck(scope, 'AllControllers', {
    healthCheckConfig: {
      type: 'CALCULATED',
      childHealthChecks: children.map(({ attrHealthCheckId }) => attrHealthCheckId),
      healthThreshold: children.length,
    },
    healthCheckTags: [{ key: 'Name', value: alarm.name }],
  })
}

function recordSet({ name, type, ttl, values, alias }: RecordSet) {
  return {
    name: `${name}.`,
    type,
    ...(ttl !== undefined && { ttl: `${ttl}` }),
    ...(values && { resourceRecords: values }),
    ...(alias && {
      aliasTarget: {
        hostedZoneId: alias.hostedZoneId,
        dnsName: `${alias.dnsName}.`,
        evaluateTargetHealth: alias.evaluateTargetHealth,
      },
    }),
  }
}
