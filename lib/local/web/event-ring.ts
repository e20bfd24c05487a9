import { randomBytes } from 'node:crypto'
import { jsonText } from './answer.ts'
import type { StreamEvents } from './api/events.ts'

/** Events that carry an id: those that are missed where one was away. */
export type KeptEvent = Exclude<keyof StreamEvents, 'hello' | 'tick' | 'reset'>

/** Beyond this, loading a page's data anew is less than catching up. */
const mostBytes = 512 * 1024
const mostEvents = 5000

/** An event in the form of the stream (HTML, section 9.2: server-sent events). JSON has no line breaks of its own. */
export function streamText<Name extends keyof StreamEvents>(name: Name, data: StreamEvents[Name], id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${jsonText(data)}\n\n`
}

/** The latest events, so that a client that was away can catch up. Ids are of this process: a restart makes all of them unknown. */
export class EventRing {
  readonly #process = randomBytes(6).toString('base64url')
  #events: { number: number; text: string }[] = []
  #bytes = 0
  #number = 0

  /** Id of the newest event. */
  get lastId(): string {
    return `${this.#process}.${this.#number}`
  }

  /** Keeps an event and gives it as text. */
  add<Name extends KeptEvent>(name: Name, data: StreamEvents[Name]): string {
    this.#number++
    const text = streamText(name, data, this.lastId)
    this.#events.push({ number: this.#number, text })
    this.#bytes += text.length
    let dropped = 0
    while (this.#bytes > mostBytes || this.#events.length - dropped > mostEvents)
      this.#bytes -= this.#events[dropped++]?.text.length ?? 0
    if (dropped > 0) this.#events = this.#events.slice(dropped)
    return text
  }

  /** What came after an event, as text; undefined where that is not known any more, or never was. */
  since(id: string): string | undefined {
    const [process, text = ''] = id.split('.')
    if (process !== this.#process || !/^\d{1,15}$/.test(text)) return undefined
    const number = Number(text)
    const first = this.#events[0]?.number ?? this.#number + 1
    if (number > this.#number || number < first - 1) return undefined
    return this.#events
      .filter((event) => event.number > number)
      .map((event) => event.text)
      .join('')
  }
}
