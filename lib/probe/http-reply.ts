import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { addPhase } from './connect.ts'
import { type FirstBytes, maxHeaderBytes, peekFirstBytes, tooManyHeaders } from './first-bytes.ts'
import type { Exchange } from './http-exchange.ts'
import { httpFailure, streamFailure } from './http-failure.ts'
import { watchCancel } from './http2-stream.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'

/** Writes down in `seen` what comes back on a connection, and when; undici calls it as the reply comes in. */
export class ReplyRecorder {
  readonly #seen: Exchange
  readonly #maxBodyBytes: number
  readonly #deps: ProbeDeps
  readonly #onEnd: (failure?: ProbeFailure) => void
  /** Undefined over HTTP/2. */
  readonly #first: FirstBytes | undefined
  readonly #isCancelled: () => boolean
  readonly #startedAt: number
  /** Grows by doubling: kept apart, chunks of one byte would take a hundred times what they hold. */
  #body: Buffer = Buffer.alloc(0)
  #headersAt: number | undefined
  #broken: Error | undefined
  #isEnded = false

  /** `onEnd` is called once, with what went wrong if anything did. */
  constructor(
    socket: Socket,
    seen: Exchange,
    maxBodyBytes: number,
    deps: ProbeDeps,
    onEnd: (failure?: ProbeFailure) => void,
  ) {
    this.#seen = seen
    this.#maxBodyBytes = maxBodyBytes
    this.#deps = deps
    this.#onEnd = onEnd
    const isHttp2 = (socket as TLSSocket).alpnProtocol === 'h2'
    this.#first = isHttp2 ? undefined : peekFirstBytes(socket, deps.now)
    this.#isCancelled = isHttp2 ? watchCancel(socket as TLSSocket) : () => false
    // Undici tells of a TLS alert as an end, and takes a reset for the end of a body without a length.
    socket.once('error', (error) => {
      this.#broken = error
    })
    this.#startedAt = deps.now()
  }

  /** What came until now over HTTP/1, interim replies included; over HTTP/2 nobody counts. */
  get bytesRead(): number {
    return this.#first?.bytesRead ?? 0
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, statusCode: number, headers: Record<string, unknown>): void {
    if (statusCode < 200) return
    const seen = this.#seen
    this.#headersAt = this.#first?.firstByteAt ?? this.#deps.now()
    addPhase(seen.phases, 'processing', this.#headersAt - this.#startedAt)
    seen.statusCode = statusCode
    seen.headers = headers as Record<string, string | string[]>
    seen.bodyBytes = 0
    checkHead(seen.headers, this.#first)
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    const held = this.#seen.bodyBytes ?? 0
    const bytes = held + chunk.length
    this.#seen.bodyBytes = bytes
    if (bytes > this.#maxBodyBytes) {
      const message = `the body is larger than maxBodyBytes, ${this.#maxBodyBytes}`
      throw new ProbeFailure('HTTP_TOO_LARGE', 'transfer', message)
    }
    if (bytes > this.#body.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes, 2 * this.#body.length))
      this.#body.copy(grown, 0, 0, held)
      this.#body = grown
    }
    chunk.copy(this.#body, held)
  }

  onResponseEnd(): void {
    if (this.#broken) this.onResponseError(undefined, this.#broken)
    else this.end(this.#isCancelled() ? streamFailure('CANCEL', this.#seen) : undefined)
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.end(httpFailure(this.#broken ?? error, this.#seen, this.#first))
  }

  /** Closes the record; only the first call counts: destroying an HTTP/2 session reports its request once more. */
  end(failure?: ProbeFailure): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const seen = this.#seen
    const now = this.#deps.now()
    if (this.#headersAt === undefined) addPhase(seen.phases, 'processing', now - this.#startedAt)
    else addPhase(seen.phases, 'transfer', now - this.#headersAt)
    const httpVersion = this.#first ? this.#first.httpVersion : '2'
    if (httpVersion) seen.httpVersion = httpVersion
    if (!failure) seen.body = this.#body.subarray(0, seen.bodyBytes)
    this.#onEnd(failure)
  }
}

/** What the parsers let through: versions they do not know, and, over HTTP/2, headers of any size. */
function checkHead(headers: Record<string, string | string[]>, first: FirstBytes | undefined): void {
  if (first) {
    if (first.httpVersion !== undefined) return
    throw new ProbeFailure('HTTP_MALFORMED', 'processing', 'the status line is neither of HTTP/1.0 nor of HTTP/1.1')
  }
  const texts = Object.entries(headers).flat(2)
  if (texts.reduce((sum, text) => sum + text.length, 0) > maxHeaderBytes) throw tooManyHeaders()
}
