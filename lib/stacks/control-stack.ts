import { type App, Stack } from 'aws-cdk-lib'
import { CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch'
import { Construct } from 'constructs'
import { type Alarm, certificateAlarm, heartbeatAlarm } from '../decide/alarms.ts'
import { controlName, namespaceOf, prefixOf, topicName } from '../decide/names.ts'
import type { Config } from '../model/config.ts'
import { addAlarm } from './alarm.ts'
import { dashboardBody } from './dashboard.ts'
import { addNotify } from './notify-function.ts'
import { stackProps, type Target } from './stack-props.ts'
import { addTopic } from './topic.ts'

/** A controller region: topics, alarms over the vantages and certificates, and at home (the first region) a dashboard. */
export class ControlStack extends Stack {
  constructor(app: App, config: Config, region: string, target: Target) {
    const name = controlName(config, region)
    super(app, name, {
      ...stackProps(config, region, target, {
        tags: { 'vedette:controller': region },
        description: `Vedette's topics and alarms on its own vantages for ${config.service} in ${region}`,
      }),
      stackName: name,
    })
    const namespace = namespaceOf(config)
    const topics = {
      page: addTopic(this, 'Page', topicName(config, 'page')),
      ticket: addTopic(this, 'Ticket', topicName(config, 'ticket')),
    }
    const add = (scope: Construct, id: string, alarm: Alarm) =>
      addAlarm(scope, id, alarm, { namespace, topicArn: topics[alarm.severity].topicArn })
    // A scope of its own keeps ids that differ in a hyphen alone apart in logical ids.
    const heartbeats = new Construct(this, 'Heartbeats')
    const alarms = config.vantages.map((vantage) =>
      add(heartbeats, `Vantage-${vantage.id}`, heartbeatAlarm(vantage, config)),
    )
    const certificate = certificateAlarm(config)
    if (certificate) alarms.push(add(this, 'Certificate', certificate))
    addNotify(this, config, region, { target, topics })
    if (region !== config.controllers[0]) return
    const alarmArns = alarms.map(({ attrArn }) => attrArn)
    const hasFailovers = config.failovers.length > 0
    const body = dashboardBody({ namespace, region, service: config.service, alarmArns, hasFailovers })
    new CfnDashboard(this, 'Dashboard', { dashboardName: prefixOf(config), dashboardBody: this.toJsonString(body) })
  }
}
