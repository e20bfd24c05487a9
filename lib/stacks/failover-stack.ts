import { type App, Stack } from 'aws-cdk-lib'
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import type { Alarm } from '../decide/alarms.ts'
import { failoverDeployWarnings } from '../decide/aws-warnings.ts'
import { controllerAlarms, notReadyAlarm, servePrimaryAlarm } from '../decide/failover-alarms.ts'
import { type FailoverCall, failoverAssetOf } from '../decide/failover-asset.ts'
import { failoverConcurrency, failoverMemoryMb, failoverTimeoutSeconds } from '../decide/failover-function.ts'
import { failoverName, failoverStackName, namespaceOf, prefixOf } from '../decide/names.ts'
import type { Config } from '../model/config.ts'
import { addAlarm } from './alarm.ts'
import { failoverRole } from './failover-role.ts'
import { addFunction, addLogGroup, reservedFor } from './function.ts'
import { addSchedules } from './schedules.ts'
import { codeOf, stackProps, type Target } from './stack-props.ts'
import { addTable } from './table.ts'
import { topicArns } from './topic.ts'
import { tellOfObservers, warn } from './warnings.ts'

/**
 * What decides on failovers in a controller region: the function, its table, the tick that calls it every minute, and alarms
 * over it and over the readiness of each failover.
 */
export class FailoverStack extends Stack {
  constructor(app: App, config: Config, region: string, target: Target) {
    const name = failoverStackName(config, region)
    super(app, name, {
      ...stackProps(config, region, target, {
        tags: { 'vedette:controller': region },
        description: `Vedette decides on the failovers of ${config.service} in ${region}`,
      }),
      stackName: name,
    })
    const topics = topicArns(this, config)
    const decider = addFailoverFunction(this, config, region, { target, topics })
    const tick: FailoverCall = { do: 'tick' }
    addSchedules(this, decider, failoverName(config), [{ name: 'tick', expression: 'rate(1 minute)', event: tick }])
    letAlarmsCall(this, config, decider)
    addAlarms(this, config, topics.ticket)
    // Once, at home: they are not of a region.
    if (region === config.controllers[0]) {
      warn(this, failoverDeployWarnings(config))
      tellOfObservers(this, config)
    }
  }
}

function addFailoverFunction(
  scope: Stack,
  config: Config,
  region: string,
  { target, topics }: { target: Target; topics: Record<Alarm['severity'], string> },
): IFunction {
  const name = failoverName(config)
  const logGroup = addLogGroup(scope, 'Logs', name)
  const table = addTable(scope, 'Memory', name, 'failover')
  return addFunction(scope, 'Failover', {
    ...{ name, logGroup, description: `Decides on the failovers of ${config.service} in ${region}` },
    files: { ...codeOf(target, 'failover'), 'config.json': JSON.stringify(failoverAssetOf(config, region)) },
    memoryMb: failoverMemoryMb,
    timeoutSeconds: failoverTimeoutSeconds,
    role: failoverRole(scope, config, { logGroup, tableArn: table.tableArn, topicArns: Object.values(topics) }),
    reserved: reservedFor(config, failoverConcurrency(config)),
    environment: { PAGE_TOPIC_ARN: topics.page, TICKET_TOPIC_ARN: topics.ticket },
    failedTo: topics.ticket,
  })
}

/**
 * One permission for all alarms of the service in this account and region: a function's policy has room for 20 KB only
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html).
 */
function letAlarmsCall(scope: Stack, config: Config, decider: IFunction): void {
  new CfnPermission(scope, 'Alarms', {
    action: 'lambda:InvokeFunction',
    functionName: decider.functionArn,
    principal: 'lambda.alarms.cloudwatch.amazonaws.com',
    sourceAccount: scope.account,
    sourceArn: scope.formatArn({ service: 'cloudwatch', resource: `alarm:${prefixOf(config)}-*` }),
  })
}

function addAlarms(scope: Stack, config: Config, topicArn: string): void {
  const told = { namespace: namespaceOf(config), topicArn }
  for (const alarm of controllerAlarms(config)) addAlarm(scope, alarm.kind, alarm, told)
  for (const failover of config.failovers) {
    // A scope of its own keeps ids that differ in a dot or a hyphen apart in logical ids.
    const own = new Construct(scope, `Failover-${failover.id}`)
    addAlarm(own, 'notReady', notReadyAlarm(failover, config), told)
    if (failover.switch === 'health-check') addAlarm(own, 'servePrimary', servePrimaryAlarm(failover, config), told)
  }
}
