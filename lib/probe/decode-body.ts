import zlib from 'node:zlib'
import { ProbeFailure } from './probe.ts'

/** Undoes one coding; `read` is how many bytes of the input that took. */
type Decoder = (body: Buffer, maxOutputLength: number) => Promise<{ buffer: Buffer; read: number }>

type Decompress<O> = (body: Buffer, options: O, done: (error: Error | null, result: Buffer) => void) => void

function decoder<O extends object>(decompress: Decompress<O>): Decoder {
  return (body, maxOutputLength) =>
    new Promise((resolve, reject) => {
      // With `info` Node gives the engine beside the buffer, whatever its types say.
      decompress(body, { maxOutputLength, info: true } as unknown as O, (error, result) => {
        if (error) return reject(error)
        const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
        resolve({ buffer, read: engine.bytesWritten })
      })
    })
}

const inflate = decoder<zlib.ZlibOptions>(zlib.inflate)
const inflateRaw = decoder<zlib.ZlibOptions>(zlib.inflateRaw)
const gunzip = decoder<zlib.ZlibOptions>(zlib.gunzip)

const decoders: Record<string, Decoder> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  br: decoder<zlib.BrotliOptions>(zlib.brotliDecompress),
  zstd: manyFrames(decoder<zlib.ZstdOptions>(zlib.zstdDecompress)),
  // "deflate" is the zlib format (RFC 9110 §8.4.1.2), but some servers send the bare stream: the first nibble tells.
  deflate: (body, max) => (((body[0] ?? 0) & 0x0f) === 8 ? inflate(body, max) : inflateRaw(body, max)),
}

/** Each frame is a call of its own, so a body of empty ones would take longer than a probe has. */
const maxFrames = 1000

/** A zstd body may be several frames, one after the other (RFC 8878 §3.1); Node stops behind the first. */
function manyFrames(decodeFrame: Decoder): Decoder {
  return async (body, maxOutputLength) => {
    const frames: Buffer[] = []
    let read = 0
    let size = 0
    while (read < body.length) {
      if (frames.length === maxFrames) throw new Error(`it has more than ${maxFrames} zstd frames`)
      const frame = await decodeFrame(body.subarray(read), Math.max(1, maxOutputLength - size))
      frames.push(frame.buffer)
      read += frame.read
      size += frame.buffer.length
      if (frame.read === 0) break
    }
    return { buffer: Buffer.concat(frames), read }
  }
}

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
    const decoder = Object.hasOwn(decoders, layer) ? decoders[layer] : undefined
    if (layer === 'identity' || decoded.length === 0) continue
    if (!decoder) break
    decoded = await undo(layer, decoder, decoded, maxBytes)
  }
  return decoded
}

async function undo(layer: string, decoder: Decoder, body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    const { buffer, read } = await decoder(body, maxBytes)
    if (read >= body.length) return buffer
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      const text = `the ${layer} body unfolds to more than maxBodyBytes, ${maxBytes}`
      throw new ProbeFailure('HTTP_TOO_LARGE', 'transfer', text, error)
    }
    throw new ProbeFailure('HTTP_DECODE', 'transfer', `the body is no valid ${layer}: ${message}`, error)
  }
  throw new ProbeFailure('HTTP_DECODE', 'transfer', `the ${layer} body has bytes behind its end`)
}
