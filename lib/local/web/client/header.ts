import type { EngineState } from '../api/engine.ts'
import { lookOf, looks, worstFirst } from '../look.ts'
import { serverNow } from './clock.ts'
import { button, h, setAttribute, setText } from './dom.ts'
import type { Store } from './store.ts'
import { toggleTheme } from './theme.ts'
import { localTime } from './time.ts'

const links = [
  ['/', 'Overview'],
  ['/failovers', 'Failovers'],
  ['/incidents', 'Incidents'],
] as const

/** What is wrong with Vedette itself; nothing where nothing is. */
function troubleOf({ history, routes }: EngineState): string {
  const untold = routes.flatMap(({ route, failing }) =>
    failing ? [`Cannot tell ${route} since ${localTime(failing.sinceMs)}: ${failing.reason}`] : [],
  )
  return [...(history.trouble ? [`History: ${history.trouble}`] : []), ...untold].join(' · ')
}

/** The line above every page: where one is, how things stand, whether it is live. */
export class Header {
  readonly #service = h('a', { class: 'service', href: '/' }, 'Vedette')
  readonly #anchors = links.map(([href, text]) => h('a', { href }, text))
  readonly #counts = h('p', { class: 'counts', id: 'counts' })
  readonly #live = h('p', { class: 'live', role: 'status' }, '○ connecting')
  readonly #banner: HTMLElement
  #heardMs = serverNow()
  #title = ''
  #isStale = false

  constructor(element: HTMLElement, banner: HTMLElement) {
    this.#banner = banner
    const nav = h('nav', { 'aria-label': 'Pages' }, this.#anchors)
    const theme = button('◐', toggleTheme, { class: 'quiet', 'aria-label': 'Dark or light', title: 'Dark or light' })
    element.append(this.#service, nav, this.#counts, h('div', { class: 'tools' }, this.#live, theme))
  }

  /** Says which page is open. */
  setPage(pathname: string, title: string): void {
    this.#title = title
    for (const anchor of this.#anchors) {
      const href = anchor.getAttribute('href') ?? ''
      const isHere = href === '/' ? pathname === '/' : pathname.startsWith(href)
      setAttribute(anchor, 'aria-current', isHere ? 'page' : undefined)
    }
  }

  /** Something was heard of the server. */
  heard(): void {
    this.#heardMs = serverNow()
    if (!this.#isStale) setText(this.#live, '● live')
  }

  draw({ overview, rows }: Store): void {
    const { engine, openIncidents } = overview
    const lookCounts = Object.groupBy([...rows.values()], lookOf)
    const parts = worstFirst.flatMap((look) => {
      const n = lookCounts[look]?.length ?? 0
      return n > 0 ? [{ look, text: `${looks[look]} ${n} ${look}` }] : []
    })
    const text = parts.map((part) => part.text).join(' ')
    if (this.#counts.textContent !== text) {
      this.#counts.replaceChildren(
        ...parts.flatMap((part, i) => [i > 0 ? ' ' : '', h('span', { class: `look ${part.look}` }, part.text)]),
      )
    }
    setText(this.#service, engine.service)
    const incidents = this.#anchors[2]
    if (incidents) setText(incidents, openIncidents.length > 0 ? `Incidents (${openIncidents.length})` : 'Incidents')
    const down = lookCounts.down?.length ?? 0
    document.title = `${down > 0 ? `✖ ${down} down · ` : ''}${this.#title} · ${engine.service}`
    if (!this.#isStale) this.#say(troubleOf(engine))
  }

  /** Whether what is shown may be wrong. */
  setStale(isStale: boolean): void {
    this.#isStale = isStale
    setText(this.#live, isStale ? '○ no connection' : '● live')
    setAttribute(this.#live, 'data-stale', isStale ? '' : undefined)
    this.#say(
      isStale
        ? `No word from Vedette: everything here is as it was at ${localTime(this.#heardMs)}. Trying again …`
        : '',
    )
  }

  /** Says what is wrong, above the page; nothing where nothing is. */
  #say(text: string): void {
    setText(this.#banner, text)
  }
}
