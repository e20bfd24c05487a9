import type { Config } from '../model/config.ts'
import type { Severity } from '../model/route.ts'
import type { Alarm } from './alarms.ts'
import { functionAlarm } from './function-alarms.ts'
import { notifyName, prefixOf, queueName } from './names.ts'

type Source = Pick<Config, 'service' | 'env'>

/** Home is held to be silent after so many minutes; see docs/notifications.md. */
const silentMinutes = 5

/** The alarm over another controller's sign of life, in a controller region: missing is what it is about. */
export function controllerAlarm(other: string, config: Source): Alarm {
  return {
    name: `${prefixOf(config)}-${other}-controller`,
    ...{ kind: 'controller', metric: 'Heartbeat', dimensions: { Controller: other }, statistic: 'Maximum' },
    ...{ comparison: '<', threshold: 1, periodSeconds: 60, datapoints: silentMinutes, of: silentMinutes },
    ...{ missing: 'breaching', severity: 'ticket' },
    description: `The controller in ${other} has said nothing for ${silentMinutes} minutes: its function ${notifyName(config)} there does not run. While home is silent, the standby tells every destination. Runbook: the newest errors in the log group /aws/lambda/${notifyName(config)} in ${other}, and the state of that region.`,
  }
}

/** The alarm over messages of a topic that the notify function could not take in. It tells the other topic. */
export function deadLetterAlarm(list: Severity, config: Source): Alarm {
  const name = queueName(config, list, 'dead')
  return {
    name: `${name}-letters`,
    ...{ kind: 'deadLetters', metric: 'ApproximateNumberOfMessagesVisible', dimensions: { QueueName: name } },
    ...{ statistic: 'Maximum', comparison: '>=', threshold: 1, periodSeconds: 60, datapoints: 1, of: 1 },
    ...{ missing: 'notBreaching', severity: list === 'page' ? 'ticket' : 'page' },
    description: `Messages of the topic ${list} could not be taken in and lie in the queue ${name}: somebody may not have been told. Runbook: the newest errors in the log group /aws/lambda/${notifyName(config)}; then start a redrive of the queue.`,
  }
}

/** The alarm over the notify function itself. Nobody but subscribers of the topic hears of it while it is open. */
export function notifyErrorsAlarm(config: Source): Alarm {
  const name = notifyName(config)
  const alarm = functionAlarm(name, {
    ...{ kind: 'errors', metric: 'Errors', threshold: 3, periodSeconds: 300 },
    description: `The notify function of this region fails: people may not be told of anything. The other controller region speaks once this one has been silent for ${silentMinutes} minutes. Runbook: the newest errors in the log group /aws/lambda/${name}.`,
  })
  return { ...alarm, severity: 'page' }
}
