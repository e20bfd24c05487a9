import { type App, Stack } from 'aws-cdk-lib'
import { CfnAlarmMuteRule } from 'aws-cdk-lib/aws-cloudwatch'
import { Construct } from 'constructs'
import type { AlarmShard, MonitorAlarms } from '../decide/alarm-shards.ts'
import type { Alarm } from '../decide/alarms.ts'
import { objectiveWarnings } from '../decide/aws-warnings.ts'
import { alarmsName, failoverName, namespaceOf } from '../decide/names.ts'
import { failoverMonitors } from '../decide/probe-now.ts'
import type { Config } from '../model/config.ts'
import { addAlarm, addComposite } from './alarm.ts'
import { stackProps, type Target } from './stack-props.ts'
import { functionArn } from './statements.ts'
import { topicArns } from './topic.ts'
import { warn } from './warnings.ts'

/** The alarms over some monitors in a controller region, and the mute rules of their maintenance. */
export class AlarmsStack extends Stack {
  constructor(app: App, config: Config, region: string, shard: AlarmShard, target: Target) {
    const name = alarmsName(config, region, shard.id)
    super(app, name, {
      ...stackProps(config, region, target, {
        tags: { 'vedette:controller': region },
        description: `Vedette's alarms on ${config.service} in ${region}, shard ${shard.id}`,
      }),
      stackName: name,
    })
    const topics = topicArns(this, config)
    const triggers = new Set(failoverMonitors(config).map(({ id }) => id))
    if (region === config.controllers[0]) {
      const own = new Set(shard.monitors.map(({ id }) => id))
      warn(this, objectiveWarnings(config.monitors.filter(({ id }) => own.has(id))))
    }
    for (const one of shard.monitors) {
      const trigger = triggers.has(one.id) ? functionArn(this, failoverName(config)) : undefined
      addMonitor(this, one, { namespace: namespaceOf(config), topics, trigger })
    }
  }
}

/** Whom alarms tell. */
interface Told {
  namespace: string
  topics: Record<Alarm['severity'], string>
  /** ARN of the function that decides on failovers of this monitor, if there are any. */
  trigger: string | undefined
}

function addMonitor(
  stack: Stack,
  { id, alarms, composites, muteRules }: MonitorAlarms,
  { namespace, topics, trigger }: Told,
): void {
  // A scope of its own keeps ids that differ in a dot or a hyphen apart in logical ids; no id is a name that JavaScript has.
  const scope = new Construct(stack, `Monitor-${id}`)
  const resources = alarms.map((alarm) =>
    addAlarm(scope, alarm.kind, alarm, {
      ...{ namespace, topicArn: topics[alarm.severity] },
      functionArn: alarm.kind === 'down' ? trigger : undefined,
    }),
  )
  const overOthers = composites.map((one) => addComposite(scope, one, resources, topics[one.severity]))
  for (const [i, { name, description, expression, timeZone, duration, alarms: alarmNames }] of muteRules.entries()) {
    const rule = new CfnAlarmMuteRule(scope, `maintenance-${i + 1}`, {
      name,
      description,
      muteTargets: { alarmNames },
      rule: { schedule: { expression, timezone: timeZone, duration } },
    })
    // A rule may name only alarms that exist.
    for (const alarm of [...resources, ...overOthers])
      if (alarmNames.includes(alarm.alarmName ?? '')) rule.addResourceDependency(alarm)
  }
}
