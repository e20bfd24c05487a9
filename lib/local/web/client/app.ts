import type { StreamEvent } from '../api/events.ts'
import type { Overview } from '../api/overview.ts'
import { routes } from '../api/routes.ts'
import { button, h } from './dom.ts'
import { failovers } from './failovers.ts'
import { Header } from './header.ts'
import { incident } from './incident.ts'
import { incidents } from './incidents.ts'
import { keepBars } from './keep-bars.ts'
import { Live } from './live.ts'
import { monitor } from './monitor.ts'
import { LoadError, load } from './net.ts'
import { overview } from './overview.ts'
import { drawing, type Page, type PageMaker } from './page.ts'
import { type Place, placeOf, restoreScroll } from './router.ts'
import { type Store, storeOf, take } from './store.ts'

const makers: Record<Place['page'], PageMaker> = { overview, monitor, failovers, incidents, incident }
const retryMs = 2000

/** Everything that is on the screen: the header, one page, and the stream that keeps both true. */
export class App {
  readonly #main: HTMLElement
  readonly #header: Header
  readonly #live: Live
  readonly #drawHeader: () => void
  #store: Store | undefined
  #bars: ReturnType<typeof keepBars> | undefined
  #page: Page | undefined
  /** What came while the page was being loaded. */
  #missed: [StreamEvent, string[]][] = []
  #leaving = new AbortController()

  constructor(main: HTMLElement, header: HTMLElement, banner: HTMLElement) {
    this.#main = main
    this.#header = new Header(header, banner)
    this.#drawHeader = drawing(() => this.#store && this.#header.draw(this.#store), new AbortController().signal, 250)
    this.#live = new Live({
      take: (event) => this.#take(event),
      onStale: (isStale) => {
        this.#header.setStale(isStale)
        this.#drawHeader()
      },
    })
  }

  /** Loads everything anew and listens from there on; tries until it succeeds. */
  async load(): Promise<void> {
    this.#live.stop()
    this.#bars?.stop()
    try {
      const store = storeOf(await load<Overview>(routes.overview))
      this.#store = store
      this.#bars = keepBars(store, (ids) => this.#page?.barsChanged?.(ids))
      this.#live.start(store.overview.eventId)
    } catch (error) {
      this.#header.setStale(true)
      // What was there before says more than an error; the banner says how old it is.
      if (!this.#store) this.#showError(error)
      setTimeout(() => this.load(), retryMs)
      return
    }
    this.#header.setStale(false)
    this.#drawHeader()
    await this.go(false)
  }

  /** Opens the page of the location. A reader is taken along to it where the page is another one. */
  async go(isMoved = true): Promise<void> {
    const store = this.#store
    if (!store) return
    this.#leaving.abort()
    this.#leaving = new AbortController()
    const { signal } = this.#leaving
    this.#page = undefined
    this.#missed = []
    const place = placeOf(location.pathname)
    try {
      if (!place) throw new LoadError(`There is no page ${location.pathname}.`, 404)
      const page = await makers[place.page]({ store, id: place.id, signal })
      if (signal.aborted) return
      this.#show(page, isMoved)
    } catch (error) {
      if (signal.aborted) return
      this.#showError(error, () => this.go())
      // What cannot be answered now may be soon; what is not there is not.
      const status = error instanceof LoadError ? (error.status ?? 503) : 500
      if (status === 429 || status === 503) setTimeout(() => !signal.aborted && this.go(false), retryMs)
    }
  }

  #show(page: Page, isMoved: boolean): void {
    this.#page = page
    for (const [event, changed] of this.#missed.splice(0)) page.take(event, changed)
    const [top, focused] = [scrollY, document.activeElement?.id]
    this.#main.replaceChildren(page.element)
    this.#header.setPage(location.pathname, page.title)
    this.#drawHeader()
    if (isMoved) {
      restoreScroll()
      this.#main.focus({ preventScroll: true })
      return
    }
    // The same page with fresh data: nobody is to notice.
    scrollTo(0, top)
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true })
  }

  #take(event: StreamEvent): void {
    if (event.name === 'reset') {
      void this.load()
      return
    }
    if (event.name !== 'hello') this.#header.heard()
    const store = this.#store
    if (!store) return
    // Another version may have other pages.
    if (event.name === 'hello' && event.data.version !== store.overview.engine.version) location.reload()
    const changed = take(store, event)
    if (event.name === 'results') {
      this.#bars?.failed(event.data.filter(({ last }) => last.status === 'down').map(({ id }) => id))
    }
    if (this.#page) this.#page.take(event, changed)
    else this.#missed.push([event, changed])
    this.#drawHeader()
  }

  #showError(error: unknown, again?: () => void): void {
    const text = error instanceof Error ? error.message : String(error)
    const retry = again && button('Try again', again)
    this.#main.replaceChildren(h('div', { class: 'note', role: 'alert' }, h('p', {}, text), retry))
    this.#header.setPage(location.pathname, 'Vedette')
  }
}
