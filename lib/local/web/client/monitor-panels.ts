import type { IncidentSummary } from '../api/incidents.ts'
import type { MonitorPage } from '../api/monitor.ts'
import type { Overview } from '../api/overview.ts'
import type { FactChange } from '../api/series.ts'
import { looks } from '../look.ts'
import { uptimeText } from '../uptime.ts'
import { barsLabel, barTitle, drawBars, uptimeParts, uptimeWords } from './bars.ts'
import { h, link, svg } from './dom.ts'
import { type certificateLeft, count, span } from './format.ts'
import { incidentText } from './incident-text.ts'
import { path } from './net.ts'
import { timeTag } from './time.ts'

const hourMs = 3_600_000
/** A certificate's names that are shown at once. */
const mostNames = 6

interface Uptime extends Pick<MonitorPage, 'hours' | 'days'> {
  bars: Pick<MonitorPage['row'], 'uptime' | 'seenMs' | 'hours' | 'days'>
}

/** Uptime of a day, a week and a month, each bar with its time and share. */
export function uptimePanel({ bars, hours, days }: Uptime): HTMLElement {
  const spans = { hours: { from: hours, lengthMs: hourMs }, days: { from: days, lengthMs: 24 * hourMs } }
  return h(
    'section',
    { class: 'panel uptimes' },
    h('h2', {}, 'Uptime'),
    uptimeParts.map((part) => {
      const { name, window, last } = part
      const drawing = drawBars(bars[part.bars], last, barsLabel(bars, part), { step: 9, height: 30 })
      const { from, lengthMs } = spans[part.bars]
      addTitles(drawing, bars[part.bars], last, from, lengthMs)
      return h(
        'div',
        { class: 'uptime-part' },
        h('h3', {}, name),
        h('p', { class: 'big number', title: uptimeWords(bars, part) }, uptimeText(bars, window)),
        drawing,
      )
    }),
  )
}

/** Each bar says what it is to whoever hovers over it. */
function addTitles(
  drawing: SVGSVGElement,
  bars: MonitorPage['row']['hours'],
  last: number,
  from: Overview['hours'],
  lengthMs: number,
): void {
  const first = Math.max(0, bars.down.length - last)
  for (let i = first; i < bars.down.length; i++) {
    const title = svg('title', {}, barTitle(bars, i, from, lengthMs))
    drawing.append(svg('rect', { class: 'bar-area', x: (i - first) * 9, y: 0, width: 9, height: 30 }, title))
  }
}

type Certificate = NonNullable<MonitorPage['certificate']>
type Left = ReturnType<typeof certificateLeft>

/** The certificate with the days that it has left. */
export function certificatePanel(certificate: Omit<Certificate, 'seenAtMs' | 'daysRemaining'> & Left): HTMLElement {
  const { subject, issuer, sans, validFrom, validTo, look, left, fingerprint256, chain } = certificate
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, 'Certificate'),
    h('p', { class: `big look ${look}` }, `${looks[look]} ${left}`),
    facts([
      ['Valid', [timeTag(Date.parse(validFrom)), ' – ', timeTag(Date.parse(validTo))]],
      ['Subject', [subject]],
      ['Names', namesOf(sans)],
      ['Issuer', [issuer]],
      ['Chain', [chain.map((one) => one.subject).join(' ← ')]],
      ['SHA-256', [h('code', {}, fingerprint256)]],
    ]),
  )
}

/** Many names are a page of their own: it is there for whoever asks. */
function namesOf(sans: readonly string[]): (Node | string)[] {
  const first = sans.slice(0, mostNames).join(', ')
  const more = sans.slice(mostNames)
  if (more.length === 0) return [first]
  return [first, h('details', {}, h('summary', {}, `and ${count(more.length, 'more name')}`), more.join(', '))]
}

const factNames: Record<string, string> = {
  answers: 'DNS answers',
  server: 'DNS server',
  rcode: 'DNS code',
  serial: 'Zone serial',
  ip: 'Address',
  statusCode: 'Status',
  version: 'TLS version',
  httpVersion: 'HTTP version',
  certificate: 'Certificate',
}

/** What was seen, and how it changed over the time that the charts show: newest first. */
export function changesPanel(changes: readonly FactChange[]): HTMLElement {
  const rows = changes
    .toReversed()
    .map(({ atMs, vantage, name, before, value }) =>
      h(
        'tr',
        {},
        h('td', {}, timeTag(atMs)),
        h('td', {}, factNames[name] ?? name),
        h(
          'td',
          { class: 'seen' },
          before === undefined ? '' : h('del', {}, factText(before)),
          before === undefined ? '' : ' → ',
          factText(value),
        ),
        h('td', {}, vantage),
      ),
    )
  const head = h(
    'tr',
    {},
    ['When', 'What', 'Seen', 'From'].map((name) => h('th', { scope: 'col' }, name)),
  )
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, 'Answers and addresses as they changed'),
    rows.length > 0
      ? h(
          'div',
          { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Changes' },
          h('table', {}, h('thead', {}, head), h('tbody', {}, rows)),
        )
      : h('p', { class: 'note' }, 'Nothing was seen in this range.'),
  )
}

function factText(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(', ') : String(value)
}

/** Its latest incidents. */
export function incidentsPanel(incidents: readonly IncidentSummary[]): HTMLElement {
  const items = incidents.map((one) =>
    h('li', {}, timeTag(one.firstFailureMs), ' ', h('a', { href: path('/incidents/:id', one.id) }, incidentText(one))),
  )
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, 'Incidents of 30 days'),
    items.length > 0 ? h('ul', { class: 'plain' }, items) : h('p', { class: 'note' }, 'None.'),
  )
}

/** The config as it runs. */
export function configPanel({ config, badge }: Pick<MonitorPage, 'config' | 'badge'>): HTMLElement {
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, 'Config as it runs'),
    h('pre', { tabindex: 0 }, JSON.stringify(config, null, 2)),
    h('p', {}, 'Badge: ', h('a', { href: badge }, badge)),
  )
}

/** What it is, and where to go from here. */
export function aboutPanel(page: MonitorPage): HTMLElement {
  const { row, runbook, dependsOn, failovers } = page
  const monitors = dependsOn.flatMap((id, i) => [i > 0 ? ', ' : '', h('a', { href: path('/monitors/:id', id) }, id)])
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, 'Monitor'),
    facts([
      ['Watches', [row.target]],
      ['Kind', [`${row.kind}, every ${span(row.everyMs)}`]],
      ['Alerts by', [row.severity]],
      ['Tags', [row.tags.join(', ')]],
      ['Depends on', monitors],
      ['Failover', failovers.flatMap((id, i) => [i > 0 ? ', ' : '', h('a', { href: '/failovers' }, id)])],
      ['Runbook', runbook ? [link(runbook, runbook)] : []],
    ]),
  )
}

/** Names and what they stand for; those without anything are left out. */
export function facts(all: readonly [name: string, what: (Node | string)[]][]): HTMLElement {
  const known = all.filter(([, what]) => what.some((part) => part !== ''))
  return h(
    'dl',
    { class: 'facts' },
    known.flatMap(([name, what]) => [h('dt', {}, name), h('dd', {}, what)]),
  )
}
