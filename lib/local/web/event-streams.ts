import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from './answer.ts'

/** Each costs a connection and its backlog. */
export const mostStreams = 32

/** A client that has so much left to read does not keep up: it is dropped, and catches up when it comes back. */
const mostBacklogBytes = 1024 * 1024

/** How long a browser waits before it comes back by itself. */
const retryMs = 1000

/** The clients that listen. */
export class EventStreams {
  readonly #open = new Set<ServerResponse>()

  get count(): number {
    return this.#open.size
  }

  /** Begins a stream with this text. Throws `HttpError` where there are too many. */
  open(request: IncomingMessage, response: ServerResponse, text: string): void {
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
    response.write(`retry: ${retryMs}\n\n${text}`)
  }

  /** Sends the same to all, and drops those who do not keep up. */
  broadcast(text: string): void {
    for (const response of this.#open) {
      if (response.writableLength > mostBacklogBytes) response.destroy()
      else response.write(text)
    }
  }
}
