import type { StreamEvent, StreamEvents } from '../api/events.ts'
import { routes } from '../api/routes.ts'
import { path } from './net.ts'
import { type Leave, takePlace } from './stream-places.ts'

export interface LiveOptions {
  take(event: StreamEvent): void
  /** Whether there has been any word lately; called on every change. */
  onStale(isStale: boolean): void
}

type Timer = ReturnType<typeof setTimeout>

const names = [
  'hello',
  'reset',
  'tick',
  'results',
  'sights',
  'state',
  'failover',
  'incident',
] as const satisfies (keyof StreamEvents)[]

/** Without any word for so long, or so long after the connection broke, what is shown may be wrong. */
const silenceMs = 15_000
const brokenMs = 3000
const firstRetryMs = 500
const longestRetryMs = 8000
/** A page that nobody sees lets go of its connection (a browser has six for a site) and catches up when it is seen again. */
const hiddenMs = 60_000
/** Where other pages have those connections: so long it listens, time enough for what it missed, and so long it does not. */
const briefMs = 300
const pauseMs = 1000

/**
 * The stream of events: comes back by itself and carries on after the last event that it had. Of very many pages in one
 * browser the last ones take turns.
 */
export class Live {
  readonly #options: LiveOptions
  #source: EventSource | undefined
  #after = ''
  #retryMs = firstRetryMs
  #retry: Timer | undefined
  #doubt: Timer | undefined
  #leave: Timer | undefined
  #brief: Timer | undefined
  #place: Promise<Leave | undefined> | undefined
  /** Whether this connection has said anything. */
  #isHeard = false
  #isStarted = false
  #isStale = false

  constructor(options: LiveOptions) {
    this.#options = options
    document.addEventListener('visibilitychange', () => this.#onVisibility())
  }

  /** Listens from after this event on. */
  start(after: string): void {
    this.#isStarted = true
    this.#after = after
    this.#retryMs = firstRetryMs
    // A page that was opened in the background listens once it is seen: six of them would leave no connection for others.
    if (document.visibilityState === 'hidden') return
    // Whoever comes back again and again hears no more by it.
    if (this.#doubt === undefined) this.#doubtIn(silenceMs)
    this.#open()
  }

  /** Listens no more until `start`. */
  stop(): void {
    this.#isStarted = false
    this.#letGo()
  }

  #letGo(): void {
    clearTimeout(this.#retry)
    clearTimeout(this.#doubt)
    this.#doubt = undefined
    this.#disconnect()
    void this.#place?.then((leave) => leave?.())
    this.#place = undefined
  }

  #open(): void {
    // A page that is seen again may be waiting for its next try: of two streams all would be told twice.
    clearTimeout(this.#retry)
    this.#disconnect()
    const source = new EventSource(path(routes.events, '', { after: this.#after || undefined }))
    this.#source = source
    for (const name of names) source.addEventListener(name, (message) => this.#take(name, message))
    source.onerror = () => {
      if (this.#source !== source) return
      // The browser would try again by itself, but gives up for good where it gets an answer that is no stream.
      this.#disconnect()
      if (this.#isHeard) this.#doubtIn(brokenMs)
      this.#isHeard = false
      this.#retry = setTimeout(() => this.#open(), this.#retryMs)
      this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2)
    }
  }

  /** Keeps this connection where the browser has one for it; else lets go of it, and comes back for what was missed. */
  async #settle(): Promise<void> {
    this.#place ??= takePlace()
    const place = this.#place
    if ((await place) || this.#place !== place) return
    this.#place = undefined
    // It may have broken meanwhile.
    if (!this.#source) return
    this.#brief = setTimeout(() => {
      this.#disconnect()
      this.#retry = setTimeout(() => this.#open(), pauseMs)
    }, briefMs)
  }

  #disconnect(): void {
    clearTimeout(this.#brief)
    this.#source?.close()
    this.#source = undefined
  }

  #take(name: StreamEvent['name'], message: MessageEvent<string>): void {
    this.#isHeard = true
    this.#retryMs = firstRetryMs
    // A server says hello also while it hears nothing of the engine.
    if (name !== 'hello') this.#heard()
    if (message.lastEventId) this.#after = message.lastEventId
    if (name === 'hello') void this.#settle()
    // The name says which shape it is.
    this.#options.take({ name, data: JSON.parse(message.data) } as StreamEvent)
  }

  #heard(): void {
    this.#doubtIn(silenceMs)
    this.#setStale(false)
  }

  #doubtIn(ms: number): void {
    clearTimeout(this.#doubt)
    this.#doubt = setTimeout(() => this.#setStale(true), ms)
  }

  #setStale(isStale: boolean): void {
    if (this.#isStale === isStale) return
    this.#isStale = isStale
    this.#options.onStale(isStale)
  }

  #onVisibility(): void {
    clearTimeout(this.#leave)
    if (document.visibilityState === 'hidden') this.#leave = setTimeout(() => this.#letGo(), hiddenMs)
    else if (!this.#source && this.#isStarted) this.start(this.#after)
  }
}
