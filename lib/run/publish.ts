import type { ProbeResult } from '../model/result.ts'
import { leastSecretLength } from './secrets.ts'

/** No list, object or text in what was observed is longer; the rest of it would only be a peer's flood. */
const longestList = 100
const longestText = 4096

/** A session that a monitor was given is a secret too; shorter values are settings, such as a language. */
const leastCookieLength = 8

/**
 * A result as it may be seen: what peers said is bounded, and every secret in it blotted out. Its own words (ids, status,
 * codes, times) stay as they are, whatever a peer sends.
 */
export function publish(result: ProbeResult, secrets: readonly string[]): ProbeResult {
  const cookies = cookieValues(result)
  const [own, all] = [formsOf(secrets), formsOf([...secrets, ...cookies])]
  const { failure, failedAssertions } = result
  const observed = bounded(result.observed, (text) => blotOut(text, own)) as ProbeResult['observed']
  if ('headers' in observed && observed.headers?.['set-cookie']) {
    const shown = [observed.headers['set-cookie']].flat().map((cookie) => blotOut(cookie, all))
    observed.headers['set-cookie'] = shown.length === 1 && shown[0] !== undefined ? shown[0] : shown
  }
  return {
    ...result,
    ...(failure && { failure: { ...failure, message: blotOut(failure.message, all) } }),
    ...(failedAssertions && {
      failedAssertions: failedAssertions.map(({ expected, got, level }) => {
        return { expected: blotOut(expected, all), got: blotOut(got, all), level }
      }),
    }),
    observed,
  }
}

/** A copy with every text passed through `blot` and cut, every list and object cut. */
function bounded(value: unknown, blot: (text: string) => string): unknown {
  if (typeof value === 'string') {
    const text = blot(value)
    return text.length > longestText ? `${text.slice(0, longestText)}…` : text
  }
  if (Array.isArray(value)) return value.slice(0, longestList).map((one) => bounded(one, blot))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).slice(0, longestList)
  return Object.fromEntries(entries.map(([key, one]) => [key, bounded(one, blot)]))
}

/** The values of the cookies that a result was given. */
function cookieValues({ observed }: ProbeResult): string[] {
  const cookies = 'headers' in observed ? [observed.headers?.['set-cookie'] ?? []].flat() : []
  return cookies.flatMap((cookie) => {
    const value = /^[^=;]*=([^;]*)/.exec(cookie)?.[1]?.trim() ?? ''
    return value.length >= leastCookieLength ? [value] : []
  })
}

/** A secret as peers and printers write it: plain, or in the encodings that web servers echo. */
function formsOf(secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => {
    const encoded = encodeURIComponent(secret.toWellFormed())
    return [
      secret,
      encoded,
      encoded.replaceAll('%20', '+'),
      encoded.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()),
      JSON.stringify(secret).slice(1, -1),
      htmlEscaped(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
    ]
  })
  // The longest first: a secret may be a piece of another.
  return [...new Set(forms)].sort((a, b) => b.length - a.length)
}

function htmlEscaped(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}

/** Blots out secrets, whole, or what is left of them where a text was cut short (marked by `…`). */
function blotOut(text: string, forms: readonly string[]): string {
  const whole = forms.reduce((rest, form) => rest.replaceAll(form, '[secret]'), text)
  const pieces = whole.split('…')
  // A peer may send any number of such marks; our own texts have few.
  if (pieces.length === 1 || pieces.length > mostCuts) return whole
  return pieces.map((piece, i) => trimmed(piece, forms, i > 0, i < pieces.length - 1)).join('…')
}

const mostCuts = 60

/** A piece of a text that was cut at its start, its end or both, without the rests of secrets there. */
function trimmed(piece: string, forms: readonly string[], cutAtStart: boolean, cutAtEnd: boolean): string {
  const end = cutAtEnd ? Math.max(0, ...forms.map((form) => overlap(form, piece))) : 0
  const start = cutAtStart ? Math.max(0, ...forms.map((form) => overlap(piece, form))) : 0
  let rest = end >= leastSecretLength ? `${piece.slice(0, -end)}[secret]` : piece
  if (start >= leastSecretLength) rest = `[secret]${rest.slice(start)}`
  return rest
}

/** How many characters at the start of one text stand at the end of the other (Knuth, Morris and Pratt's failure function). */
function overlap(startOf: string, endOf: string): number {
  const pattern = startOf.slice(0, endOf.length)
  const joined = `${pattern}\0${endOf.slice(-pattern.length)}`
  const lengths = [0]
  for (let i = 1, length = 0; i < joined.length; i++) {
    while (length > 0 && joined[i] !== joined[length]) length = lengths[length - 1] ?? 0
    if (joined[i] === joined[length]) length++
    lengths.push(length)
  }
  return pattern === '' ? 0 : (lengths.at(-1) ?? 0)
}
