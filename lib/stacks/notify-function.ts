import { ArnFormat, Duration, type Stack } from 'aws-cdk-lib'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Topic } from 'aws-cdk-lib/aws-sns'
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { Alarm } from '../decide/alarms.ts'
import { namespaceOf, notifyName, probeName, queueName } from '../decide/names.ts'
import { controllerAlarm, deadLetterAlarm, notifyErrorsAlarm } from '../decide/notify-alarms.ts'
import { gatherSeconds, type NotifyTick, notifyAssetOf } from '../decide/notify-asset.ts'
import { allRoutes, routeSecrets } from '../decide/notify-config.ts'
import { notifyMemoryMb, notifyTimeoutSeconds } from '../decide/notify-plan.ts'
import type { Config } from '../model/config.ts'
import type { Severity } from '../model/route.ts'
import { addAlarm } from './alarm.ts'
import { addFunction, addLogGroup } from './function.ts'
import { acknowledgeAnyResource, acknowledgeLogs } from './nag.ts'
import { addSchedules } from './schedules.ts'
import { codeOf, type Target } from './stack-props.ts'
import { allow, documents, logsStatement, metricsStatement, refStatements } from './statements.ts'
import { addTable } from './table.ts'

const lists = ['page', 'ticket'] as const

/** Longer than the function runs, so that no message is handed over while it is still being taken in. */
const hiddenSeconds = 90
/** A message that could not be taken in so often, for some eight minutes, is put aside. */
const mostReceives = 5
const keptDays = 14
const batchSize = 100
/** The least that there is: a run that finds that another was faster begins anew. */
const concurrency = 2

/**
 * What tells people, behind the topics of a controller region: queues, so that a storm comes in batches and nothing is lost
 * while the function cannot run; the function and its table; a tick; and alarms, each of which goes to the other topic. None
 * without routes: people may subscribe to the topics themselves.
 */
export function addNotify(
  scope: Stack,
  config: Config,
  region: string,
  { target, topics }: { target: Target; topics: Record<Severity, Topic> },
): void {
  if (allRoutes(config).length === 0) return
  const queues = { page: addQueue(scope, config, 'page'), ticket: addQueue(scope, config, 'ticket') }
  for (const list of lists)
    topics[list].addSubscription(new SqsSubscription(queues[list], { rawMessageDelivery: true }))
  const teller = addTeller(scope, config, region, target, Object.values(queues))
  const tick: NotifyTick = { do: 'tick' }
  addSchedules(scope, teller, notifyName(config), [{ name: 'tick', expression: 'rate(1 minute)', event: tick }])
  const alarms = new Construct(scope, 'Telling')
  const add = (id: string, alarm: Alarm, namespace: string) =>
    addAlarm(alarms, id, alarm, { namespace, topicArn: topics[alarm.severity].topicArn })
  for (const list of lists) add(`DeadLetters-${list}`, deadLetterAlarm(list, config), 'AWS/SQS')
  add('Errors', notifyErrorsAlarm(config), namespaceOf(config))
  for (const other of config.controllers)
    if (other !== region) add(`Controller-${other}`, controllerAlarm(other, config), namespaceOf(config))
}

function addQueue(scope: Stack, config: Config, list: Severity): Queue {
  const id = list === 'page' ? 'PageQueue' : 'TicketQueue'
  const common = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(keptDays) }
  const dead = new Queue(scope, `${id}Dead`, { ...common, queueName: queueName(config, list, 'dead') })
  return new Queue(scope, id, {
    ...{ ...common, queueName: queueName(config, list) },
    visibilityTimeout: Duration.seconds(hiddenSeconds),
    deadLetterQueue: { queue: dead, maxReceiveCount: mostReceives },
  })
}

function addTeller(scope: Stack, config: Config, region: string, target: Target, queues: Queue[]): IFunction {
  const name = notifyName(config)
  const logGroup = addLogGroup(scope, 'NotifyLogs', name)
  const table = addTable(scope, 'Told', name, 'id')
  const teller = addFunction(scope, 'Notify', {
    ...{ name, logGroup, description: `Tells people of ${config.service} in ${region}` },
    files: { ...codeOf(target, 'notify'), 'config.json': JSON.stringify(notifyAssetOf(config, region)) },
    ...{ memoryMb: notifyMemoryMb, timeoutSeconds: notifyTimeoutSeconds },
    role: notifyRole(scope, config, { logGroup, tableArn: table.tableArn, queues }),
  })
  for (const [i, queue] of queues.entries())
    teller.addEventSourceMapping(`Queue-${lists[i]}`, {
      ...{ eventSourceArn: queue.queueArn, batchSize, maxConcurrency: concurrency },
      maxBatchingWindow: Duration.seconds(gatherSeconds),
    })
  return teller
}

interface Resources {
  logGroup: LogGroup
  tableArn: string
  queues: Queue[]
}

/** What the notify function may do: take messages, keep what it told, read the keys of its routes and the logs of the vantages. */
function notifyRole(scope: Stack, config: Config, { logGroup, tableArn, queues }: Resources): Role {
  const logs = config.vantages.map(({ id, region }) => logsArn(scope, probeName(config, id), region))
  const topicArns = allRoutes(config).flatMap((route) => (route.kind === 'sns' ? [route.topicArn] : []))
  const taking = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']
  const role = new Role(scope, 'NotifyRole', {
    description: `Runs ${notifyName(config)}`,
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: documents({
      Logs: [logsStatement(logGroup)],
      Metrics: [metricsStatement(config)],
      Memory: allow(['dynamodb:GetItem', 'dynamodb:PutItem'], [tableArn]),
      Queues: allow(
        taking,
        queues.map((queue) => queue.queueArn),
      ),
      Secrets: refStatements(
        scope,
        routeSecrets(config).map(({ ref }) => ref),
      ),
      Topics: allow(['sns:Publish'], [...new Set(topicArns)]),
      Causes: allow(['logs:FilterLogEvents'], logs),
    }),
  })
  acknowledgeAnyResource(role, ['metrics'])
  acknowledgeLogs(role, logs)
  return role
}

function logsArn(scope: Stack, functionName: string, region: string): string {
  const log = { service: 'logs', region, resource: 'log-group', resourceName: `/aws/lambda/${functionName}:*` }
  return scope.formatArn({ ...log, arnFormat: ArnFormat.COLON_RESOURCE_NAME })
}
