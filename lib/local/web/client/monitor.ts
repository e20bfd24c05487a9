import type { MonitorPage } from '../api/monitor.ts'
import { routes } from '../api/routes.ts'
import { lookOf, looks } from '../look.ts'
import { budgetPanel } from './budget-panel.ts'
import { ChartPanel } from './chart-panel.ts'
import { h, setAttribute, setText, slot } from './dom.ts'
import { certificateLeft } from './format.ts'
import {
  aboutPanel,
  certificatePanel,
  changesPanel,
  configPanel,
  incidentsPanel,
  uptimePanel,
} from './monitor-panels.ts'
import { LoadError, load, path } from './net.ts'
import { drawing, type Page, type PageContext } from './page.ts'
import { Results } from './results.ts'
import { ageTag, setAge } from './time.ts'

/** Its results in full are asked for anew no more often. */
const reloadEveryMs = 2000
const drawEveryMs = 500

/** One monitor with all that is known of it. */
export async function monitor({ store, id, signal }: PageContext): Promise<Page> {
  const ask = () => load<MonitorPage>(path(routes.monitor, id), signal)
  const row = store.rows.get(id)
  if (!row) throw new LoadError(`There is no monitor ${id}.`, 404)
  const changes = slot(changesPanel)
  const charts = new ChartPanel(row, (series) => changes.show(series.changes), signal)
  const [first] = await Promise.all([ask(), charts.load()])
  const head = new MonitorHead(id)
  const results = new Results()
  const [uptime, budget] = [slot(uptimePanel), slot(budgetPanel)]
  const [certificate, incidents] = [slot(certificatePanel), slot(incidentsPanel)]

  const show = (page: MonitorPage) => {
    // The row of the store hears the stream; the page's own is as old as its answer.
    head.show(row)
    const { hours, days } = page
    const { uptime: shares, seenMs, hours: hourBars, days: dayBars } = page.row
    uptime.show({ hours, days, bars: { uptime: shares, seenMs, hours: hourBars, days: dayBars } })
    if (page.budget) budget.show(page.budget)
    if (page.certificate) {
      const { seenAtMs: _, daysRemaining, ...rest } = page.certificate
      certificate.show({ ...rest, ...certificateLeft(daysRemaining) })
    }
    results.show(page.results)
    incidents.show(page.incidents)
  }
  show(first)

  const reload = drawing(() => void ask().then(show, () => {}), signal, reloadEveryMs)
  const draw = drawing(
    () => {
      head.show(row)
      charts.draw()
    },
    signal,
    drawEveryMs,
  )
  return {
    title: id,
    element: h(
      'div',
      { class: 'monitor' },
      head.element,
      h(
        'div',
        { class: 'split' },
        charts.element,
        h('div', { class: 'side' }, uptime.element, budget.element, certificate.element),
      ),
      h('div', { class: 'columns' }, aboutPanel(first), incidents.element),
      changes.element,
      results.element,
      configPanel(first),
    ),
    take: (event, changed) => {
      if (event.name === 'results') for (const result of event.data) if (result.id === id) charts.take(result)
      if (changed.includes(id)) reload()
      if (changed.includes(id) || event.name === 'tick') draw()
    },
  }
}

/** Its name and state. */
class MonitorHead {
  readonly element: HTMLElement
  readonly #state = h('span', { class: 'look', role: 'status' })
  readonly #held = h('span')
  readonly #since = ageTag()
  readonly #cause = h('p', { class: 'cause' })

  constructor(id: string) {
    const state = h('p', { class: 'state' }, this.#state, this.#held, this.#since)
    this.element = h('div', { class: 'monitor-head' }, h('h1', {}, id), state, this.#cause)
  }

  show(row: MonitorPage['row']): void {
    const { sinceMs, lastFailure, downAt = [], muted, last } = row
    const look = lookOf(row)
    setAttribute(this.#state, 'class', `look ${look}`)
    setText(this.#state, `${looks[look]} ${look}`)
    setAge(this.#since, sinceMs)
    const isConfirmed = look !== 'failing' && look !== 'unknown'
    setText(this.#held, isConfirmed ? ' for ' : ` so far; held to be ${row.state} for `)
    const isBad = look !== 'up' && look !== 'pending' && last?.status !== 'up'
    const notes = [
      muted ? 'In maintenance: nobody is alerted.' : '',
      downAt.length > 0 ? `Down from ${downAt.join(', ')}.` : '',
      isBad && lastFailure ? `${lastFailure.code}: ${lastFailure.message}` : '',
    ]
    setText(this.#cause, notes.filter(Boolean).join(' '))
  }
}
