import { CloudWatchClient, paginateDescribeAlarmHistory, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch'

/** An alarm as it stands. */
export interface AlarmNow {
  name: string
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'
  sinceMs: number
  /** CloudWatch's words. */
  reason: string
}

/** A change of an alarm's state. */
export interface AlarmChange {
  name: string
  atMs: number
  from?: AlarmNow['state']
  to: AlarmNow['state']
  /** CloudWatch's words: `Alarm updated from OK to ALARM`. */
  summary: string
}

const types = ['MetricAlarm', 'CompositeAlarm'] as const
/** More than an account may have in a region; a loop of pages ends here. */
const mostAlarms = 20_000
const mostChanges = 20_000
const callTimeoutMs = 20_000

/** The alarms of a region whose names begin with a prefix. Rejects as the SDK does. */
export async function readAlarms(region: string, prefix: string): Promise<AlarmNow[]> {
  const found: AlarmNow[] = []
  const pages = paginateDescribeAlarms(paginator(region), { AlarmNamePrefix: prefix, AlarmTypes: [...types] })
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of pages) {
    for (const { AlarmName, StateValue, StateTransitionedTimestamp, StateUpdatedTimestamp, StateReason } of [
      ...MetricAlarms,
      ...CompositeAlarms,
    ])
      found.push({
        ...{ name: AlarmName ?? '', state: StateValue ?? 'INSUFFICIENT_DATA', reason: StateReason ?? '' },
        sinceMs: (StateTransitionedTimestamp ?? StateUpdatedTimestamp)?.getTime() ?? 0,
      })
    if (found.length >= mostAlarms) break
  }
  return found
}

/** The changes of the alarms of a region whose names begin with a prefix, oldest first; CloudWatch keeps 30 days. Rejects as the SDK does. */
export async function readAlarmChanges(
  region: string,
  prefix: string,
  fromMs: number,
  toMs: number,
): Promise<AlarmChange[]> {
  const found: AlarmChange[] = []
  let seen = 0
  const pages = paginateDescribeAlarmHistory(paginator(region), {
    ...{ AlarmTypes: [...types], HistoryItemType: 'StateUpdate', ScanBy: 'TimestampAscending' },
    ...{ StartDate: new Date(fromMs), EndDate: new Date(toMs) },
  })
  for await (const { AlarmHistoryItems = [] } of pages) {
    for (const { AlarmName = '', Timestamp, HistorySummary = '' } of AlarmHistoryItems) {
      const [, from, to] = /from (\w+) to (\w+)/.exec(HistorySummary) ?? []
      if (!AlarmName.startsWith(prefix) || !Timestamp || !isState(to)) continue
      const change = { name: AlarmName, atMs: Timestamp.getTime(), to, summary: HistorySummary }
      found.push(isState(from) ? { ...change, from } : change)
    }
    seen += AlarmHistoryItems.length
    if (seen >= mostChanges) break
  }
  return found
}

function isState(text: string | undefined): text is AlarmNow['state'] {
  return text === 'OK' || text === 'ALARM' || text === 'INSUFFICIENT_DATA'
}

function paginator(region: string) {
  const requestHandler = { connectionTimeout: 5000, requestTimeout: callTimeoutMs, throwOnRequestTimeout: true }
  return { client: new CloudWatchClient({ region, maxAttempts: 4, requestHandler }) }
}
