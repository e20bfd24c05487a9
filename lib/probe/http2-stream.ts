import { subscribe } from 'node:diagnostics_channel'
import { type ClientHttp2Stream, constants } from 'node:http2'
import type { TLSSocket } from 'node:tls'

interface Watched {
  stream?: ClientHttp2Stream
}

const watched = Symbol('watched stream')

// Undici shows its callers no stream. https://nodejs.org/docs/latest-v24.x/api/diagnostics_channel.html#http2
subscribe('http2.client.stream.created', (message) => {
  const { stream } = message as { stream: ClientHttp2Stream }
  const holder = (stream.session?.socket as { [watched]?: Watched } | undefined)?.[watched]
  if (holder) holder.stream = stream
})

/**
 * Gives a function that tells whether the peer has cancelled the newest HTTP/2 stream of a socket: Node takes RST_STREAM
 * with CANCEL (RFC 9113 §7) for an orderly end, also in the middle of a body.
 */
export function watchCancel(socket: TLSSocket): () => boolean {
  const holder: Watched = {}
  Object.assign(socket, { [watched]: holder })
  return () => holder.stream?.rstCode === constants.NGHTTP2_CANCEL
}
