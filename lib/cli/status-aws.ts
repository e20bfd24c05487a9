import { type AlarmNow, readAlarms } from '../act/read-alarms.ts'
import type { AlarmMeaning } from '../decide/alarm-meanings.ts'
import { downAlarm } from '../decide/alarms.ts'
import { inMaintenance } from '../decide/maintenance.ts'
import type { Config } from '../model/config.ts'
import { age } from '../model/duration.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import { readControllers, subjectOf, wordOf } from './aws-alarms.ts'
import { askAll, controllersOf } from './controllers.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import type { StatusOptions } from './status.ts'
import { lockRows, needsPerson, type Row, type Screen, screenText, wellAmong } from './status-view.ts'

/** `vedette status --aws`: the same screen by home's alarms (the standby's where home does not answer) and the controllers. */
export async function statusAws(options: StatusOptions, output: Output): Promise<number> {
  const config = await loadConfig(options.config)
  const atMs = Date.now()
  const { region, found, meanings, problems } = await readControllers(config, readAlarms)
  const failovers = await askFailovers(config, options)
  const rows = [
    ...found.flatMap((alarm) => alarmRows(alarm, meanings[alarm.name], config, atMs)),
    ...config.monitors.flatMap((monitor) =>
      voteRows(
        monitor.id,
        found.find(({ name }) => name === downAlarm(monitor, config).name),
      ),
    ),
    ...failovers.failovers.flatMap(lockRows),
  ]
  const screen: Screen = { service: config.service, atMs, rows, well: wellAmong(config.monitors, rows), ...failovers }
  if (options.json) output.out(JSON.stringify({ ...screen, region, problems }))
  else output.out(`${screenText(screen, output.columns)}\n\nby the alarms in ${region}`)
  for (const problem of problems) output.err(problem)
  return problems.length > 0 || needsPerson(screen) ? 1 : 0
}

/** An alarm that is open; what is in maintenance is muted, whatever it says. */
function alarmRows(alarm: AlarmNow, meaning: AlarmMeaning | undefined, config: Config, nowMs: number): Row[] {
  if (alarm.state !== 'ALARM' || !meaning || meaning.is === 'nothing') return []
  const monitor = 'monitor' in meaning ? config.monitors.find(({ id }) => id === meaning.monitor) : undefined
  const isMuted = monitor !== undefined && inMaintenance(monitor.maintenance, nowMs)
  const severity = meaning.is === 'burning' ? meaning.severity : undefined
  const what = isMuted ? 'muted' : wordOf(meaning)
  const why = `${isMuted ? `${wordOf(meaning)}, in maintenance. ` : ''}${severity ? `${severity}: ` : ''}${alarm.reason}`
  return [{ what, who: subjectOf(meaning), age: age(nowMs - alarm.sinceMs), why, ...(severity && { severity }) }]
}

/** A monitor whose votes say nothing. */
function voteRows(id: string, down: AlarmNow | undefined): Row[] {
  if (!down) return [{ what: 'silent', who: id, age: '', why: 'it has no alarm: is it deployed?' }]
  return down.state === 'INSUFFICIENT_DATA' ? [{ what: 'pending', who: id, age: '', why: 'no votes so far' }] : []
}

async function askFailovers(
  config: Config,
  options: StatusOptions,
): Promise<Pick<Screen, 'failovers' | 'unreachable'>> {
  if (config.failovers.length === 0) return { failovers: [] }
  const lines = await controllersOf({ aws: true, ...(options.config !== undefined && { config: options.config }) })
  const answers = await askAll<FailoverStatus[]>(lines, { do: 'status' })
  const answered = answers.find((one) => 'answer' in one)
  if (answered) return { failovers: answered.answer }
  return { failovers: [], unreachable: answers.flatMap((one) => ('problem' in one ? [one.problem] : [])).join('; ') }
}
