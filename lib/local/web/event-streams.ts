import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from './answer.ts'
import type { StreamEvents } from './api/events.ts'
import { type EventRing, streamText } from './event-ring.ts'

/** Each costs a connection and its backlog. */
export const mostStreams = 32

/** A client that has so much left to read does not keep up: it is dropped, and catches up when it comes back. */
const mostBacklogBytes = 1024 * 1024

/** How long a browser waits before it comes back by itself. */
const retryMs = 1000

/** How a stream begins. */
interface Opening {
  hello: StreamEvents['hello']
  /** How the engine is, as text of the stream; empty while it is silent. */
  tick: string
  /** Id of the last event that the client has; absent for one that begins now. */
  after?: string
}

/** The clients that listen. */
export class EventStreams {
  readonly #ring: EventRing
  readonly #open = new Set<ServerResponse>()

  constructor(ring: EventRing) {
    this.#ring = ring
  }

  /**
   * Begins a stream: hello, what came after the event `after`, a tick. Where that is not known any more it says `reset`, and
   * ends. Throws `HttpError` where there are too many.
   */
  open(request: IncomingMessage, response: ServerResponse, { hello, tick, after }: Opening): void {
    if (this.#open.size >= mostStreams) {
      const message = `expected at most ${mostStreams} listeners, got one more: close a page that is open elsewhere`
      throw new HttpError(503, message, { 'retry-after': '10' })
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // A proxy that gathers an answer before it passes it on (nginx) must not.
      'x-accel-buffering': 'no',
    })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    this.#open.add(response)
    response.once('close', () => this.#open.delete(response))
    const missed = after === undefined ? '' : this.#ring.since(after)
    response.write(`retry: ${retryMs}\n\n${streamText('hello', hello)}${missed === undefined ? '' : missed + tick}`)
    if (missed !== undefined) return
    const reason = 'what happened since is not known any more'
    response.end(streamText('reset', { eventId: this.#ring.lastId, reason }))
  }

  /** Sends the same to all, and drops those who do not keep up. */
  broadcast(text: string): void {
    for (const response of this.#open) {
      if (response.writableLength > mostBacklogBytes) response.destroy()
      else if (text !== '' && !response.writableEnded) response.write(text)
    }
  }
}
