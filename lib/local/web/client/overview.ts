import type { MonitorRow } from '../api/overview.ts'
import { arrange, h, setText, slot } from './dom.ts'
import { failoverLines } from './failover-marks.ts'
import { count } from './format.ts'
import { OverviewControls } from './overview-controls.ts'
import { filtered, filterOf, type Group, grouped, queryOf, sorted } from './overview-filter.ts'
import { OverviewRow } from './overview-row.ts'
import { drawing, type Page, type PageContext } from './page.ts'
import { setQuery } from './router.ts'

/** Rows come into being a little before they can be seen. */
const margin = '600px'
/** Changes are gathered for so long: a second screen is not read faster. */
const drawEveryMs = 250

const columns = ['State', 'Monitor', 'Last failure', 'Latency', '24 hours', '7 days', '30 days']

/** Every monitor, worst first. */
export async function overview({ store, signal }: PageContext): Promise<Page> {
  const list = new OverviewList(signal)
  const tags = [...new Set([...store.rows.values()].flatMap((row) => row.tags))].sort()
  const note = h('p', { class: 'note', role: 'status' })
  const failovers = slot(failoverLines)
  const draw = () => {
    if (store.overview.failovers.length > 0) failovers.show(store.overview.failovers)
    const { filter } = controls
    const rows = sorted(filtered(store.rows.values(), filter))
    controls.draw(store.rows.values())
    list.show(filter.isGrouped ? grouped(rows) : [{ name: '', rows }], filter.isGrouped)
    setText(note, rows.length > 0 ? '' : store.rows.size > 0 ? 'No monitor is like this.' : 'There are no monitors.')
  }
  const controls = new OverviewControls(filterOf(location.search), tags, () => {
    setQuery(queryOf(controls.filter))
    draw()
  })
  const later = drawing(
    () => {
      list.update()
      draw()
    },
    signal,
    drawEveryMs,
  )
  draw()
  const element = h(
    'div',
    { class: 'overview' },
    h('h1', { class: 'hidden' }, 'Overview'),
    failovers.element,
    controls.element,
    note,
    list.element,
  )
  return {
    ...{ title: 'Overview', element },
    take: (event, changed) => {
      if (changed.length === 0 && event.name !== 'failover') return
      list.changed(changed)
      later()
    },
    barsChanged: (ids) => {
      list.barsChanged(ids)
      later()
    },
  }
}

/** The rows on the page: made once, moved where their place changes, drawn where they can be seen. */
class OverviewList {
  readonly element = h('div', { class: 'list' })
  readonly #head = h(
    'div',
    { class: 'row head', 'aria-hidden': 'true' },
    columns.map((name) => h('span', {}, name)),
  )
  /** By group and id: with several tags a monitor has several. */
  readonly #rows = new Map<string, OverviewRow>()
  readonly #byElement = new WeakMap<Element, OverviewRow>()
  readonly #sections = new Map<string, { element: HTMLElement; title: HTMLElement; list: HTMLElement }>()
  readonly #stale = new Set<string>()
  readonly #staleBars = new Set<string>()
  readonly #seen: IntersectionObserver

  constructor(signal: AbortSignal) {
    this.#seen = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) this.#byElement.get(target)?.setSeen(isIntersecting)
      },
      { rootMargin: margin },
    )
    signal.addEventListener('abort', () => this.#seen.disconnect())
    this.element.addEventListener('keydown', (event) => moveFocus(this.element, event))
  }

  changed(ids: readonly string[]): void {
    for (const id of ids) this.#stale.add(id)
  }

  barsChanged(ids: readonly string[]): void {
    for (const id of ids) this.#staleBars.add(id)
  }

  /** Brings the rows that changed up to date. */
  update(): void {
    for (const row of this.#rows.values()) {
      if (this.#staleBars.has(row.id)) row.barsChanged()
      else if (this.#stale.has(row.id)) row.update()
    }
    this.#stale.clear()
    this.#staleBars.clear()
  }

  /** Shows these rows in these groups. */
  show(groups: readonly Group[], hasTitles: boolean): void {
    const focused = document.activeElement
    const sections = groups.map((group) => {
      const section = this.#section(group.name)
      section.title.hidden = !hasTitles
      setText(section.title, `${group.name || 'no tag'} · ${count(group.rows.length, 'monitor')}`)
      arrange(
        section.list,
        group.rows.map((row) => this.#row(group.name, row).element),
      )
      return section.element
    })
    arrange(this.element, [this.#head, ...sections])
    // A row that was moved has lost the focus on its way.
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.element.contains(focused))
      focused.focus()
  }

  #section(name: string) {
    const known = this.#sections.get(name)
    if (known) return known
    const title = h('h2', { class: 'group' })
    const list = h('ul', { class: 'rows', role: 'list', 'aria-label': 'Monitors' })
    const section = { element: h('section', {}, title, list), title, list }
    this.#sections.set(name, section)
    return section
  }

  #row(group: string, row: MonitorRow): OverviewRow {
    const key = `${group}/${row.id}`
    const known = this.#rows.get(key)
    if (known) return known
    const made = new OverviewRow(row)
    this.#rows.set(key, made)
    this.#byElement.set(made.element, made)
    this.#seen.observe(made.element)
    return made
  }
}

const steps: Record<string, (i: number, last: number) => number> = {
  ArrowDown: (i, last) => Math.min(last, i + 1),
  ArrowUp: (i) => Math.max(0, i - 1),
  Home: () => 0,
  End: (_, last) => last,
}

/** Arrow keys go from row to row. */
function moveFocus(list: HTMLElement, event: KeyboardEvent): void {
  const step = steps[event.key]
  if (!step || !(event.target instanceof HTMLAnchorElement)) return
  const links = [...list.querySelectorAll<HTMLAnchorElement>('a.name')]
  const next = links[step(links.indexOf(event.target), links.length - 1)]
  if (!next) return
  event.preventDefault()
  next.focus()
}
