import type { IncidentList, IncidentSummary } from '../api/incidents.ts'
import { routes } from '../api/routes.ts'
import { serverNow } from './clock.ts'
import { arrange, button, h, setText } from './dom.ts'
import { span } from './format.ts'
import { load, path } from './net.ts'
import { drawing, type Page, type PageContext } from './page.ts'
import { ageTag, timeTag } from './time.ts'

const dayMs = 86_400_000
/** Asked for at once. */
const rangeMs = 30 * dayMs
/** The history keeps changes of state for so long. */
const keptMs = 400 * dayMs

const columns = ['State', 'Monitor', 'Began', 'Down for', 'Cause']

/** Times in which monitors were down, open ones first, then newest first. */
export async function incidents({ signal }: PageContext): Promise<Page> {
  const monitor = new URLSearchParams(location.search).get('monitor') ?? undefined
  const all = new Map<string, IncidentSummary>()
  const rows = new Map<string, HTMLTableRowElement>()
  const beganMs = Math.floor(serverNow())
  /** Everything since then is here. */
  let sinceMs = beganMs
  const loadOlder = async () => {
    const range = { from: sinceMs - rangeMs, ...(sinceMs < beganMs && { to: sinceMs }) }
    const list = await load<IncidentList>(path(routes.incidents, '', { monitor, ...range }), signal)
    for (const one of list.incidents) all.set(one.id, one)
    sinceMs = list.more ? Math.min(...list.incidents.map(({ confirmedMs }) => confirmedMs)) : range.from
  }
  await loadOlder()

  const body = h('tbody')
  const note = h('p', { class: 'note', role: 'status' })
  const more = button('Older ones', () => {
    loadOlder().then(draw, (error: Error) => setText(note, error.message))
  })
  const draw = () => {
    const shown = [...all.values()].sort((a, b) => rankOf(a) - rankOf(b) || b.confirmedMs - a.confirmedMs)
    arrange(
      body,
      shown.map((one) => {
        const row = rows.get(one.id) ?? rowOf(one)
        rows.set(one.id, row)
        return row
      }),
    )
    more.hidden = sinceMs < beganMs - keptMs
    note.replaceChildren(shown.length > 0 ? 'All since ' : 'No incidents since ', timeTag(sinceMs), '.')
  }
  draw()
  const later = drawing(draw, signal)
  const head = h(
    'tr',
    {},
    columns.map((name) => h('th', { scope: 'col' }, name)),
  )
  return {
    title: 'Incidents',
    element: h(
      'div',
      { class: 'incidents' },
      h('h1', {}, monitor ? `Incidents of ${monitor}` : 'Incidents'),
      h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Incidents' },
        h('table', {}, h('thead', {}, head), body),
      ),
      note,
      more,
    ),
    take: (event) => {
      if (event.name !== 'incident' || (monitor && event.data.monitor !== monitor)) return
      all.set(event.data.id, event.data)
      rows.delete(event.data.id)
      later()
    },
  }
}

function rankOf({ recovery, endUnknown }: IncidentSummary): number {
  return recovery || endUnknown ? 1 : 0
}

function rowOf(incident: IncidentSummary): HTMLTableRowElement {
  const { id, monitor, firstFailureMs, recovery, endUnknown, cause, muted } = incident
  const state = recovery ? ['up', '✔ over'] : endUnknown ? ['unknown', '? end not seen'] : ['down', '✖ open']
  const length = recovery ? span(recovery.firstGoodMs - firstFailureMs) : endUnknown ? '–' : ageTag(firstFailureMs)
  // On a phone a row is laid out as a card: its roles tell what it is still.
  const cell = { role: 'cell' }
  return h(
    'tr',
    { role: 'row' },
    h('td', cell, h('span', { class: `look ${state[0]}` }, state[1] ?? '')),
    h('th', { role: 'rowheader', scope: 'row' }, h('a', { href: path('/incidents/:id', id) }, monitor)),
    h('td', cell, timeTag(firstFailureMs)),
    h('td', { ...cell, class: 'number' }, length),
    h('td', cell, `${cause.words}${muted ? ' (in maintenance)' : ''} · ${cause.message}`),
  )
}
