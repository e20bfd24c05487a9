import type { IncidentPage, TimelineEntry } from '../api/incidents.ts'
import { routes } from '../api/routes.ts'
import { h, link, slot } from './dom.ts'
import { count, span } from './format.ts'
import { incidentText } from './incident-text.ts'
import { facts } from './monitor-panels.ts'
import { load, path } from './net.ts'
import { drawing, type Page, type PageContext } from './page.ts'
import { timeTag, withTimes } from './time.ts'

const reloadEveryMs = 2000

/** One incident from its first failure to its end, to be told afterwards. */
export async function incident({ id, signal }: PageContext): Promise<Page> {
  const ask = () => load<IncidentPage>(path(routes.incident, id), signal)
  const first = await ask()
  const { monitor } = first.incident
  const story = slot((page: Omit<IncidentPage, 'engine' | 'eventId'>) => storyOf(page))
  const show = ({ engine: _, eventId: __, ...page }: IncidentPage) => story.show(page)
  show(first)
  const reload = drawing(() => void ask().then(show, () => {}), signal, reloadEveryMs)
  let isOpen = !first.incident.recovery
  return {
    title: `Incident of ${monitor}`,
    element: h(
      'div',
      { class: 'incident' },
      h('h1', {}, 'Incident of ', h('a', { href: path('/monitors/:id', monitor) }, monitor)),
      h(
        'p',
        { class: 'toolbar' },
        h('a', { class: 'button', href: path(routes.incidentMarkdown, id), download: '' }, 'Export as Markdown'),
      ),
      story.element,
    ),
    take: (event, changed) => {
      if (event.name === 'incident' && event.data.id === id) isOpen = !event.data.recovery
      else if (!isOpen || !changed.includes(monitor)) return
      reload()
    },
  }
}

function storyOf(page: Omit<IncidentPage, 'engine' | 'eventId'>): HTMLElement {
  const { incident: one, target, runbook, timeline, failureCounts, seenBy, related } = page
  const codes = Object.entries(failureCounts).map(([code, n]) => `${code} ×${n}`)
  const look = one.recovery ? 'up' : one.endUnknown ? 'unknown' : 'down'
  return h(
    'div',
    { class: 'story' },
    h(
      'p',
      { class: `big look ${look}` },
      `${one.recovery ? '✔ over' : one.endUnknown ? '?' : '✖ open'}: ${incidentText(one)}`,
    ),
    h(
      'section',
      { class: 'panel' },
      h('h2', {}, 'In short'),
      facts([
        ['Watches', [target]],
        ['Cause', [`${one.cause.code}: ${one.cause.message}`]],
        ['First failure', [timeTag(one.firstFailureMs)]],
        ['Confirmed', [timeTag(one.confirmedMs), `, after ${span(one.confirmedMs - one.firstFailureMs)}`]],
        ['First good', one.recovery ? [timeTag(one.recovery.firstGoodMs)] : []],
        ['Recovered', one.recovery ? [timeTag(one.recovery.confirmedMs)] : []],
        ['Failures', [codes.join(', ')]],
        ['Alerts by', [`${one.severity}${one.muted ? ', muted by maintenance' : ''}`]],
        ['Runbook', runbook ? [link(runbook, runbook)] : []],
      ]),
    ),
    h('section', { class: 'panel' }, h('h2', {}, 'Timeline'), h('ol', { class: 'timeline' }, timeline.map(entryItem))),
    h('section', { class: 'panel' }, h('h2', {}, 'Seen from'), seenTable(seenBy)),
    related.length > 0 &&
      h(
        'section',
        { class: 'panel' },
        h('h2', {}, 'At the same time'),
        h(
          'ul',
          { class: 'plain' },
          related.map((other) =>
            h(
              'li',
              {},
              timeTag(other.firstFailureMs),
              ' ',
              h('a', { href: path('/incidents/:id', other.id) }, other.monitor),
              ` ${incidentText(other)}`,
            ),
          ),
        ),
      ),
  )
}

const entryLooks: Record<TimelineEntry['kind'], readonly [look: string, mark: string]> = {
  'last good': ['up', '✔'],
  'first failure': ['failing', '✖'],
  failure: ['failing', '✖'],
  confirmed: ['down', '✖'],
  failover: ['degraded', '▶'],
  'first good': ['up', '✔'],
  recovered: ['up', '✔'],
  'other monitor': ['pending', '·'],
}

function entryItem({ atMs, kind, text, vantage, afterMs }: TimelineEntry): HTMLElement {
  const [look, mark] = entryLooks[kind]
  const after = afterMs === 0 ? '' : `${afterMs < 0 ? '−' : '+'}${span(Math.abs(afterMs))}`
  return h(
    'li',
    {},
    timeTag(atMs),
    h('span', { class: 'number after' }, after),
    h('span', { class: `look ${look}` }, `${mark} ${kind}`),
    h(
      'span',
      {},
      kind === 'failover' ? withTimes(text) : text,
      vantage && !text.includes(vantage) ? ` (${vantage})` : '',
    ),
  )
}

function seenTable(seenBy: IncidentPage['seenBy']): HTMLElement {
  if (seenBy.length === 0) return h('p', { class: 'note' }, 'No single results of that time are kept any more.')
  const head = ['Vantage', 'Saw', 'First failure', 'Last failure']
  const rows = seenBy.map(({ vantage, firstFailureMs, lastFailureMs, failures, good }) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, vantage),
      h('td', {}, `${count(failures, 'failure')}, ${count(good, 'good run')}`),
      h('td', {}, timeTag(firstFailureMs)),
      h('td', {}, timeTag(lastFailureMs)),
    ),
  )
  const headRow = h(
    'tr',
    {},
    head.map((name) => h('th', { scope: 'col' }, name)),
  )
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Vantages' },
    h('table', {}, h('thead', {}, headRow), h('tbody', {}, rows)),
  )
}
