import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { ProbeFailure } from './probe.ts'

type Decoder = (body: Buffer, maxBytes: number) => Promise<Buffer>

const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip)
const inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate)
const inflateRaw = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw)
const brotli = promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)
const zstd = promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)

const decoders: Record<string, Decoder> = {
  gzip: (body, maxOutputLength) => gunzip(body, { maxOutputLength }),
  br: (body, maxOutputLength) => brotli(body, { maxOutputLength }),
  zstd: (body, maxOutputLength) => zstd(body, { maxOutputLength }),
  // "deflate" is the zlib format (RFC 9110 §8.4.1.2), but some servers send the bare stream: the first nibble tells.
  deflate: (body, maxOutputLength) =>
    ((body[0] ?? 0) & 0x0f) === 8 ? inflate(body, { maxOutputLength }) : inflateRaw(body, { maxOutputLength }),
}
decoders['x-gzip'] = decoders.gzip as Decoder

/** What requests offer in `accept-encoding`. */
export const acceptEncoding = 'gzip, br, deflate, zstd'

/** A reply may be encoded more than once; nobody means more than this. */
const maxLayers = 4

/**
 * Undoes the content codings of a whole body. An unknown coding passes through as it is.
 * Throws HTTP_DECODE on a broken stream, HTTP_TOO_LARGE where it unfolds to more than `maxBytes`.
 */
export async function decodeBody(body: Buffer, contentEncoding: string, maxBytes: number): Promise<Buffer> {
  const layers = contentEncoding
    .toLowerCase()
    .split(',')
    .map((layer) => layer.trim())
    .filter(Boolean)
  if (layers.length > maxLayers)
    throw new ProbeFailure(
      'HTTP_DECODE',
      'transfer',
      `the body is encoded ${layers.length} times; ${maxLayers} at most are undone`,
    )
  let decoded = body
  for (const layer of layers.reverse()) {
    const decoder = decoders[layer]
    if (layer === 'identity' || decoded.length === 0) continue
    if (!decoder) break
    decoded = await decoder(decoded, maxBytes).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_BUFFER_TOO_LARGE')
        throw new ProbeFailure(
          'HTTP_TOO_LARGE',
          'transfer',
          `the ${layer} body unfolds to more than maxBodyBytes, ${maxBytes}`,
          error,
        )
      throw new ProbeFailure('HTTP_DECODE', 'transfer', `the body is no valid ${layer}: ${error.message}`, error)
    })
  }
  return decoded
}
