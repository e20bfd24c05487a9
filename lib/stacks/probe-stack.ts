import { type App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import {
  ApplicationLogLevel,
  Architecture,
  type CfnFunction,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda'
import { CfnQueryDefinition, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { functionAlarms } from '../decide/alarms.ts'
import { namespaceOf, probeName, type QueryName, queryName, topicName } from '../decide/names.ts'
import { monitorsOf } from '../decide/plan.ts'
import { probeAssetOf } from '../decide/probe-asset.ts'
import { probeMemoryMb, timeoutSeconds } from '../decide/probe-function.ts'
import type { Config, Vantage } from '../model/config.ts'
import { addAlarm } from './alarm.ts'
import type { Bundle } from './bundle.ts'
import { probeFiles, withCode } from './probe-code.ts'
import { probeRole } from './probe-role.ts'
import { queries } from './queries.ts'
import { addSchedules } from './schedules.ts'
import { stackProps, type Target } from './stack-props.ts'
import { addTopic } from './topic.ts'
import { warnOfTargets } from './warnings.ts'

/** A vantage: its probe function, the schedules that call it, its log with saved queries, and an alarm over it. */
export class ProbeStack extends Stack {
  constructor(app: App, config: Config, vantage: Vantage, target: Target) {
    const name = probeName(config, vantage.id)
    super(app, name, {
      ...stackProps(config, vantage.region, target, {
        tags: { 'vedette:vantage': vantage.id },
        description: `Vedette watches ${config.service} from ${vantage.id}`,
      }),
      stackName: name,
    })
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const probe = addProbeFunction(this, config, vantage, { logGroup, code: target.code.probe })
    addSchedules(this, probe, probeAssetOf(config, vantage), name)
    addQueries(this, config, vantage, logGroup)
    const topic = addTopic(this, 'Ticket', topicName(config, 'ticket', vantage.id))
    for (const alarm of functionAlarms(vantage, config))
      addAlarm(this, alarm.kind, alarm, { namespace: namespaceOf(config), topicArn: topic.topicArn })
    warnOfTargets(this, monitorsOf(config.monitors, vantage), vantage)
  }
}

function addProbeFunction(
  scope: Stack,
  config: Config,
  vantage: Vantage,
  { logGroup, code: bundle }: { logGroup: LogGroup; code: Bundle },
): LambdaFunction {
  const { shards } = probeAssetOf(config, vantage)
  const probe = withCode(
    probeFiles(config, vantage, bundle),
    (code) =>
      new LambdaFunction(scope, 'Probe', {
        functionName: probeName(config, vantage.id),
        description: `Runs the monitors of ${config.service} from ${vantage.id}`,
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        handler: 'index.handler',
        code,
        memorySize: probeMemoryMb,
        timeout: Duration.seconds(timeoutSeconds(shards)),
        role: probeRole(scope, config, vantage, logGroup),
        logGroup,
        loggingFormat: LoggingFormat.JSON,
        systemLogLevelV2: SystemLogLevel.WARN,
        applicationLogLevelV2: ApplicationLogLevel.INFO,
        // A run that comes late votes for a minute that is over: it is left out instead.
        retryAttempts: 0,
        maxEventAge: Duration.seconds(60),
      }),
  )
  if (vantage.vpcId !== undefined) placeInVpc(probe, config, vantage)
  return probe
}

/** By ids alone: nothing of the network is looked up at synth. */
function placeInVpc(probe: LambdaFunction, config: Config, vantage: Vantage): void {
  const needsIpv6 = monitorsOf(config.monitors, vantage).some(({ ipVersion }) => ipVersion === '6')
  const resource = probe.node.defaultChild as CfnFunction
  resource.vpcConfig = {
    subnetIds: vantage.subnetIds ?? [],
    securityGroupIds: vantage.securityGroupIds ?? [],
    // Refused by Lambda where a subnet has no IPv6, so it is asked for only where a monitor needs it.
    ...(needsIpv6 && { ipv6AllowedForDualStack: true }),
  }
}

function addQueries(scope: Stack, config: Config, vantage: Vantage, logGroup: LogGroup): void {
  for (const [query, queryString] of Object.entries(queries)) {
    new CfnQueryDefinition(scope, `Query-${query}`, {
      name: queryName(config, query as QueryName, vantage.id),
      queryString,
      logGroupNames: [logGroup.logGroupName],
    })
  }
}
