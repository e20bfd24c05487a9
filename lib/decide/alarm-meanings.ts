import type { Config } from '../model/config.ts'
import type { Monitor } from '../model/monitor.ts'
import type { Severity } from '../model/route.ts'
import { monitorAlarms } from './alarm-shards.ts'
import { type Alarm, certificateAlarm, heartbeatAlarm, placesOf, targetOf } from './alarms.ts'
import { controllerAlarms, notReadyAlarm, servePrimaryAlarm } from './failover-alarms.ts'
import { limitsOf } from './latency.ts'
import { notifyName } from './names.ts'
import { controllerAlarm, deadLetterAlarm, notifyErrorsAlarm } from './notify-alarms.ts'

/** What it means that an alarm is open. */
export type AlarmMeaning =
  | { is: 'down'; monitor: string; target: string; of: number }
  | ({ is: 'slow'; monitor: string; target: string } & SlowMeaning)
  | { is: 'burning'; monitor: string; target: string; severity: Severity; objective: number }
  | { is: 'blind'; vantage: string }
  | { is: 'certificate' }
  | { is: 'notReady'; failover: string }
  /** Where traffic goes is told by the controller that decided it. */
  | { is: 'nothing' }
  /** Another controller says nothing: a standby speaks in its place. */
  | { is: 'silent'; controller: string; isHome: boolean }
  | { is: 'fault'; part: string }

/** What is too slow. `isMeasured`: the alarm's value is that statistic, and no truth value of an expression. */
interface SlowMeaning {
  against: 'limit' | 'baseline'
  statistic: string
  limitMs?: number
  isMeasured: boolean
}

/** What each alarm of a controller region means, by its name. */
export function alarmMeanings(config: Config, region: string): Record<string, AlarmMeaning> {
  const { monitors, vantages, failovers, controllers } = config
  const [home] = controllers
  const certificate = certificateAlarm(config)
  const entries: [string, AlarmMeaning][] = [
    ...monitors.flatMap((monitor) => meaningsOf(monitor, config, region === home)),
    ...vantages.map((vantage): [string, AlarmMeaning] => [
      heartbeatAlarm(vantage, config).name,
      { is: 'blind', vantage: vantage.id },
    ]),
    ...(certificate ? [[certificate.name, { is: 'certificate' }] as [string, AlarmMeaning]] : []),
    ...failovers.flatMap((failover): [string, AlarmMeaning][] => [
      [notReadyAlarm(failover, config).name, { is: 'notReady', failover: failover.id }],
      [servePrimaryAlarm(failover, config).name, { is: 'nothing' }],
    ]),
    ...controllerAlarms(config).map(({ name }): [string, AlarmMeaning] => [name, { is: 'fault', part: name }]),
    ...controllers
      .filter((one) => one !== region)
      .map((one): [string, AlarmMeaning] => [
        controllerAlarm(one, config).name,
        { is: 'silent', controller: one, isHome: one === home },
      ]),
    ...(['page', 'ticket'] as const).map((list): [string, AlarmMeaning] => [
      deadLetterAlarm(list, config).name,
      { is: 'fault', part: `messages of the topic ${list} that could not be taken in` },
    ]),
    [notifyErrorsAlarm(config).name, { is: 'fault', part: notifyName(config) }],
  ]
  return Object.fromEntries(entries)
}

function meaningsOf(monitor: Monitor, config: Config, isHome: boolean): [string, AlarmMeaning][] {
  const about = { monitor: monitor.id, target: targetOf(monitor) }
  const { alarms, composites } = monitorAlarms(monitor, config, isHome)
  return [
    ...alarms.flatMap((alarm): [string, AlarmMeaning][] => {
      const places = placesOf(monitor, config.vantages).length
      if (alarm.kind === 'down') return [[alarm.name, { is: 'down', ...about, of: places }]]
      const slow = slowMeaning(alarm, monitor, places)
      return slow ? [[alarm.name, { is: 'slow', ...about, ...slow }]] : []
    }),
    ...composites.map(({ name, severity }): [string, AlarmMeaning] => [
      name,
      { is: 'burning', ...about, severity, objective: monitor.slo?.objective ?? 100 },
    ]),
  ]
}

function slowMeaning({ kind, statistic, math, threshold }: Alarm, monitor: Monitor, places: number) {
  if (kind === 'regression') return { against: 'baseline', statistic, isMeasured: true } as const
  if (kind !== 'slow') return undefined
  const against = 'limit'
  if (!math) return { against, statistic, limitMs: threshold, isMeasured: true } as const
  const limits = monitor.latency ? limitsOf(monitor.latency, monitor.everyMs, places) : []
  // One alarm watches all of them, and does not say which is over.
  const [first, ...more] = limits
  const all = limits.map((limit) => limit.statistic).join(' or ')
  return {
    against,
    statistic: all,
    ...(first && more.length === 0 && { limitMs: first.limitMs }),
    isMeasured: false,
  } as const
}
