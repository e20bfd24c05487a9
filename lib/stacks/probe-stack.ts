import { type App, Stack } from 'aws-cdk-lib'
import { CfnQueryDefinition, type LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { Alarm } from '../decide/alarms.ts'
import { targetWarnings } from '../decide/aws-warnings.ts'
import { probeNowAlarms } from '../decide/failover-alarms.ts'
import { functionAlarms } from '../decide/function-alarms.ts'
import { namespaceOf, probeName, type QueryName, queryName, topicName } from '../decide/names.ts'
import { monitorsOf } from '../decide/plan.ts'
import type { Config, Vantage } from '../model/config.ts'
import { addAlarm } from './alarm.ts'
import { addProbeFunction, addProbeNowFunction } from './probe-functions.ts'
import { queries } from './queries.ts'
import { stackProps, type Target } from './stack-props.ts'
import { addTopic } from './topic.ts'
import { warn } from './warnings.ts'

/** A vantage: its probe function, the schedules that call it, its log with saved queries, and alarms over it; with failovers, the function that probes for them. */
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
    const logGroup = addProbeFunction(this, config, vantage, target)
    addQueries(this, config, vantage, logGroup)
    const topic = addTopic(this, 'Ticket', topicName(config, 'ticket', vantage.id))
    const add = (scope: Construct, alarms: Alarm[]) => {
      for (const alarm of alarms)
        addAlarm(scope, alarm.kind, alarm, { namespace: namespaceOf(config), topicArn: topic.topicArn })
    }
    add(this, functionAlarms(vantage, config))
    if (config.failovers.length > 0) {
      addProbeNowFunction(this, config, vantage, target)
      add(new Construct(this, 'ProbeNowAlarms'), probeNowAlarms(vantage, config))
    }
    warn(this, targetWarnings(monitorsOf(config.monitors, vantage), vantage))
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
