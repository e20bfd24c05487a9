import { markdownCode as code, markdownText } from '../../decide/markdown.ts'
import { utcText as utc } from '../../model/figures.ts'
import type { IncidentPage } from './api/incidents.ts'

type Told = Omit<IncidentPage, 'eventId' | 'engine'>

/** An incident as the beginning of a post-mortem. Times are UTC; what sites said stands as code, so none of it is markup. */
export function incidentMarkdown(service: string, { incident, target, runbook, ...told }: Told): string {
  const { monitor, firstFailureMs, confirmedMs, recovery, cause, muted } = incident
  const rows: [string, string][] = [
    ['Service', code(service)],
    ['Monitor', `${code(monitor)}${target ? ` (${code(target)})` : ''}`],
    ['First failure', utc(firstFailureMs)],
    ['Confirmed', `${utc(confirmedMs)} (after ${duration(confirmedMs - firstFailureMs)})`],
    ['Recovered', recoveryText(incident)],
    ['Down for', recovery ? duration(recovery.firstGoodMs - firstFailureMs) : 'not over yet'],
    ['Cause', `${markdownText(`${cause.words} (${cause.code})`)}: ${code(cause.message)}`],
    ['Severity', `${incident.severity}${muted ? ', muted by a maintenance window' : ''}`],
    ...(runbook === undefined ? [] : [['Runbook', code(runbook)] as [string, string]]),
  ]
  return [
    `# Incident: ${code(monitor)} down, ${utc(firstFailureMs)}\n`,
    table(['', ''], rows),
    '## Timeline\n',
    timeline(told.timeline),
    '## Who saw it\n',
    seenBy(told),
    ...(told.related.length > 0 ? ['## Down at the same time\n', related(told.related)] : []),
    '## Impact\n\n_Who noticed, and how._\n',
    '## Root cause\n\n_Why it happened, and why it was not caught before._\n',
    '## Actions\n\n- [ ] _What is done so that it does not happen again, by whom, until when._\n',
  ].join('\n')
}

function timeline(entries: IncidentPage['timeline']): string {
  const rows = entries.map(({ atMs, afterMs, kind, text, vantage }) => {
    const after = afterMs < -500 ? `−${duration(-afterMs)}` : `+${duration(Math.max(0, afterMs))}`
    // A failure is told in the words of a site, or of its answer.
    const words = kind === 'failure' || kind === 'first failure' ? code(text) : markdownText(text)
    return [utc(atMs), after, vantage ? `${kind}, ${code(vantage)}` : kind, words]
  })
  return table(['Time (UTC)', 'After', 'What', 'In words'], rows)
}

function seenBy({ seenBy, failureCounts }: Pick<Told, 'seenBy' | 'failureCounts'>): string {
  const rows = seenBy.map(({ vantage, failures, good, firstFailureMs, lastFailureMs }) => {
    return [code(vantage), `${failures}`, `${good}`, utc(firstFailureMs), utc(lastFailureMs)]
  })
  const codes = Object.entries(failureCounts).map(([name, count]) => `${count} × ${name}`)
  const head = ['Vantage', 'Failed runs', 'Good runs since', 'First failure', 'Last failure']
  return `${table(head, rows)}\nFailures by code: ${codes.join(', ') || 'none kept'}.\n`
}

function related(incidents: Told['related']): string {
  const rows = incidents.map(({ monitor, firstFailureMs, recovery, cause }) => {
    return [
      code(monitor),
      utc(firstFailureMs),
      recovery ? utc(recovery.firstGoodMs) : 'not over yet',
      markdownText(cause.words),
    ]
  })
  return table(['Monitor', 'First failure', 'First good result', 'Cause'], rows)
}

function recoveryText({ recovery, endUnknown }: Told['incident']): string {
  if (endUnknown) return 'nobody saw: the monitor is no longer watched'
  if (!recovery) return 'not yet'
  return `${utc(recovery.firstGoodMs)} first good result, ${utc(recovery.confirmedMs)} confirmed (${recovery.to})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`
}

/** `1 h 02 min 03 s`. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = (number: number) => String(number).padStart(2, '0')
  if (hours > 0) return `${hours} h ${two(minutes)} min ${two(seconds % 60)} s`
  return minutes > 0 ? `${minutes} min ${two(seconds % 60)} s` : `${seconds} s`
}
