import type { StreamEvents } from '../api/events.ts'
import { routes } from '../api/routes.ts'
import { path } from './net.ts'

/** One event of the stream, with its name. */
export type StreamEvent = { [Name in keyof StreamEvents]: { name: Name; data: StreamEvents[Name] } }[keyof StreamEvents]

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

/** The stream of events: comes back by itself and carries on after the last event that it had. */
export class Live {
  readonly #options: LiveOptions
  #source: EventSource | undefined
  #after = ''
  #retryMs = firstRetryMs
  #retry: Timer | undefined
  #doubt: Timer | undefined
  #leave: Timer | undefined
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
    this.#doubtIn(silenceMs)
    this.#open()
  }

  /** Listens no more until `start`. */
  stop(): void {
    clearTimeout(this.#retry)
    clearTimeout(this.#doubt)
    this.#disconnect()
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

  #disconnect(): void {
    this.#source?.close()
    this.#source = undefined
  }

  #take(name: StreamEvent['name'], message: MessageEvent<string>): void {
    this.#isHeard = true
    this.#retryMs = firstRetryMs
    this.#doubtIn(silenceMs)
    this.#setStale(false)
    if (message.lastEventId) this.#after = message.lastEventId
    // The name says which shape it is.
    this.#options.take({ name, data: JSON.parse(message.data) } as StreamEvent)
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
    if (document.visibilityState === 'hidden') this.#leave = setTimeout(() => this.stop(), hiddenMs)
    else if (!this.#source && this.#isStarted) this.start(this.#after)
  }
}
