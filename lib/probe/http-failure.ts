import type { FirstBytes } from './first-bytes.ts'
import { ProbeFailure } from './probe.ts'
import { isTlsError, tlsFailure } from './tls-handshake.ts'

interface Seen {
  /** TLS version. */
  version?: string
  statusCode?: number
  bodyBytes?: number
  headers?: Record<string, string | string[]>
}

/** The failure that an error of undici means, given what had come until then; `first` is absent over HTTP/2. */
export function httpFailure(error: Error, seen: Seen, first?: FirstBytes): ProbeFailure {
  if (error instanceof ProbeFailure) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (isTlsError(error)) return tlsFailure(error)
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW')
    return new ProbeFailure('HTTP_TOO_LARGE', stageOf(seen), 'the reply has more than 64 KiB of headers', error)
  // An assertion of undici's own is what a status below 100 comes to.
  if (code === 'ERR_ASSERTION')
    return new ProbeFailure('HTTP_MALFORMED', stageOf(seen), 'the reply is not valid HTTP: no such status', error)
  if (error.name === 'HTTPParserError' && code !== 'HPE_INVALID_EOF_STATE') return malformed(error, seen, first)
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    if (seen.statusCode !== undefined) return truncated(seen, error)
    // The parser gave up inside the headers: two lengths that differ have no end one could trust (RFC 9112 §6.3).
    return new ProbeFailure(
      'HTTP_MALFORMED',
      'processing',
      'the reply has content-length or transfer-encoding headers that conflict, or a length that is no number',
      error,
    )
  }
  if (code === 'ERR_HTTP2_STREAM_ERROR')
    return streamFailure(/NGHTTP2_(\w+)/.exec(error.message)?.[1] ?? error.message, seen, error)
  // What undici makes of a stream that ends without an answer, and without a reason that Node takes for an error.
  if (/^HTTP\/2: stream (?:half-)?closed/.test(error.message)) return streamFailure('CANCEL or NO_ERROR', seen, error)
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_HTTP2_SESSION_ERROR' || /GOAWAY/.test(error.message))
    return new ProbeFailure('HTTP_RESET', stageOf(seen), `the server reset the connection${soFar(seen)}`, error)
  if (code === 'UND_ERR_SOCKET' || code === 'HPE_INVALID_EOF_STATE' || code === 'UND_ERR_ABORTED') {
    if (/bad (response|upgrade)/.test(error.message))
      return new ProbeFailure('HTTP_MALFORMED', stageOf(seen), `the reply is not valid HTTP: ${error.message}`, error)
    if (seen.statusCode !== undefined || first?.bytesRead) return truncated(seen, error)
    return new ProbeFailure('HTTP_RESET', 'processing', `the server closed the connection${soFar(seen)}`, error)
  }
  if (code.startsWith('ERR_HTTP2_') || code.startsWith('UND_ERR_'))
    return new ProbeFailure('HTTP_MALFORMED', stageOf(seen), `the reply is not valid HTTP: ${error.message}`, error)
  return new ProbeFailure('HTTP_RESET', stageOf(seen), `the connection broke: ${error.message}`, error)
}

function malformed(error: Error, seen: Seen, first: FirstBytes | undefined): ProbeFailure {
  const start = seen.statusCode === undefined ? first?.start : undefined
  // An alert or a message of the handshake (RFC 8446 §5.1).
  if (start && /^[\x15\x16]\x03/.test(start))
    return new ProbeFailure(
      'HTTP_MALFORMED',
      'processing',
      'the server speaks TLS on this port; see url (https)',
      error,
    )
  const got = start ? `, got ${JSON.stringify(start)}` : ''
  return new ProbeFailure('HTTP_MALFORMED', stageOf(seen), `the reply is not valid HTTP: ${error.message}${got}`, error)
}

const streamReasons: Record<string, string> = {
  HTTP_1_1_REQUIRED: 'it wants HTTP/1.1, see httpVersion',
  // What came of an answer that is not valid looks the same here as what some servers send instead of any.
  PROTOCOL_ERROR: 'or gave one that is not valid HTTP/2',
}

/** A stream that did not end well, with the reason that RFC 9113 §7 has a name for. */
export function streamFailure(reason: string, seen: Seen, cause?: Error): ProbeFailure {
  const more = streamReasons[reason]
  const got = seen.statusCode === undefined ? `before it answered${more ? `, ${more}` : ''}` : soFar(seen).trim()
  return new ProbeFailure('HTTP_RESET', stageOf(seen), `the server reset the stream ${got} (${reason})`, cause)
}

function truncated(seen: Seen, cause: Error): ProbeFailure {
  const announced = seen.headers?.['content-length']
  const of = announced === undefined ? '' : ` of ${announced}`
  const got = seen.statusCode === undefined ? 'inside its headers' : `after ${seen.bodyBytes}${of} bytes of the body`
  return new ProbeFailure('HTTP_TRUNCATED', stageOf(seen), `the reply ended ${got}`, cause)
}

function soFar(seen: Seen): string {
  // TLS 1.3 lets a server look at the client's certificate only after the handshake is done.
  const maybe = seen.version === 'TLSv1.3' ? '; it may want a client certificate (tls.certFile)' : ''
  return seen.statusCode === undefined
    ? ` before it answered${maybe}`
    : ` after status ${seen.statusCode} and ${seen.bodyBytes} bytes of the body`
}

function stageOf(seen: Seen): 'processing' | 'transfer' {
  return seen.statusCode === undefined ? 'processing' : 'transfer'
}
