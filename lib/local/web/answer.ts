import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** A whole answer to a request, ready to be sent to any number of clients. */
export interface Answer {
  status: number
  type: string
  body: Buffer
  /** Tells this content from any other. */
  etag?: string
  /** `no-cache` where absent: ask whether it has changed. */
  cacheControl?: string
  headers?: Record<string, string>
  /** The body in other encodings, made when first asked for. */
  encoded: Map<Encoding, Promise<Buffer>>
}

type Encoding = 'br' | 'gzip'

/** A request that cannot be answered as asked; the message says what was expected, what was got and what to do. */
export class HttpError extends Error {
  readonly status: number
  readonly headers: Record<string, string>

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** Smaller bodies are sent as they are. */
const leastToCompress = 1000

const compress = {
  br: (body: Buffer, quality: number) =>
    promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
  gzip: (body: Buffer) => promisify(gzip)(body),
}

/** An answer of text or bytes. */
export function answer(type: string, body: string | Buffer, more: Partial<Omit<Answer, 'type' | 'body'>> = {}): Answer {
  return { status: 200, type, body: Buffer.from(body), encoded: new Map(), ...more }
}

/** An answer of JSON. */
export function json(value: unknown, more: Partial<Omit<Answer, 'type' | 'body'>> = {}): Answer {
  return answer('application/json; charset=utf-8', jsonText(value), more)
}

/** JSON in which nothing looks like a tag, should anyone ever take it for HTML. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

/** Names content by its hash. */
export function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 16)
}

/** The body in an encoding, compressed once for all who ask; `quality` is Brotli's. */
export function encode(answer: Answer, encoding: Encoding, quality = 5): Promise<Buffer> {
  const known = answer.encoded.get(encoding) ?? compress[encoding](answer.body, quality)
  answer.encoded.set(encoding, known)
  return known
}

/** Sends an answer in the best encoding that the client takes; to HEAD its head alone, and 304 where the client has it. */
export async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status, type, etag, cacheControl = 'no-cache', headers = {} } = answer
  const head: Record<string, string> = { 'cache-control': cacheControl, vary: 'accept-encoding', ...headers }
  if (etag) head.etag = `W/"${etag}"`
  if (etag && status === 200 && isKnown(request.headers['if-none-match'], etag)) {
    response.writeHead(304, head).end()
    return
  }
  const encoding =
    answer.body.length < leastToCompress ? undefined : encodingFor(`${request.headers['accept-encoding'] ?? ''}`)
  const body = encoding ? await encode(answer, encoding) : answer.body
  if (encoding) head['content-encoding'] = encoding
  response.writeHead(status, { ...head, 'content-type': type, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Whether one of the client's tags is this one; weak ones will do (RFC 9110 §13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim())
  return tags.includes('*') || tags.includes(`W/"${etag}"`) || tags.includes(`"${etag}"`)
}

/** What the client takes (RFC 9110 §12.5.3), Brotli first; a weight of 0 is a refusal. */
function encodingFor(accepted: string): Encoding | undefined {
  const weights = new Map(
    accepted.split(',').map((part) => {
      const [name = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/)
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
      return [name, weight === undefined ? 1 : Number(weight)]
    }),
  )
  return (['br', 'gzip'] as const).find((encoding) => (weights.get(encoding) ?? weights.get('*') ?? 0) > 0)
}
