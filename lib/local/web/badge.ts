import type { State } from '../../decide/health.ts'
import { shortened } from '../../decide/plain.ts'
import { isWell } from '../../model/result.ts'
import { type Answer, answer, HttpError, hashOf } from './answer.ts'
import type { MonitorRow } from './api/overview.ts'
import { isTelling, percent, uptimeWindows } from './uptime.ts'

const colours: Record<State, string> = { up: '#187a3c', degraded: '#8f5a00', down: '#b3261e', pending: '#5c6470' }

const height = 20
/** Verdana at 11 pixels is about so wide a character; textLength makes it exactly so. */
const characterWidth = 6.6
const padding = 6
const longestText = 60

/** A badge of a monitor, as SVG without script or style. Throws `HttpError` for something else to show. */
export function badge(row: MonitorRow | undefined, show: string): Answer {
  if (!row) throw new HttpError(404, 'expected the id of a monitor')
  const { text, colour } = shown(row, show)
  const svg = draw(shortened(row.id, longestText), text, colour)
  // Elsewhere is where badges are shown, so other sites may load them.
  const headers = { 'cross-origin-resource-policy': 'cross-origin' }
  return answer('image/svg+xml; charset=utf-8', svg, {
    etag: hashOf(svg),
    headers,
    cacheControl: 'no-cache, max-age=0',
  })
}

function shown({ state, uptime, seenMs, last }: MonitorRow, show: string): { text: string; colour: string } {
  if (show === 'state') return { text: state, colour: colours[state] }
  if (show === 'uptime') {
    const { d30 } = uptime
    if (d30 === null) return { text: 'no votes', colour: colours.pending }
    if (!isTelling(seenMs.d30, uptimeWindows.d30)) return { text: 'too new', colour: colours.pending }
    return {
      text: `${percent(d30)} in 30 d`,
      colour: d30 >= 0.999 ? colours.up : d30 >= 0.99 ? colours.degraded : colours.down,
    }
  }
  if (show === 'latency') {
    if (!last || !isWell(last.status)) return { text: 'no run', colour: colours.pending }
    return { text: `${Math.round(last.durationMs)} ms`, colour: colours[last.status === 'up' ? 'up' : 'degraded'] }
  }
  throw new HttpError(400, `expected show to be state, uptime or latency, got ${JSON.stringify(show)}`)
}

function draw(label: string, text: string, colour: string): string {
  const [left, right] = [label, text].map((part) => Math.round(part.length * characterWidth) + 2 * padding) as [
    number,
    number,
  ]
  const width = left + right
  const title = escaped(`${label}: ${text}`)
  const words = (part: string, x: number, room: number) =>
    `<text x="${x}" y="14" textLength="${room - 2 * padding}" lengthAdjust="spacingAndGlyphs">${escaped(part)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${left}" height="${height}" fill="#3c434d"/>`,
    `<rect x="${left}" width="${right}" height="${height}" fill="${colour}"/>`,
    '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">',
    words(label, padding, left) + words(text, left + padding, right),
    '</g></svg>',
  ].join('')
}

/** Text as XML has it (XML 1.0, sections 2.2 and 2.4). */
function escaped(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/\p{Cc}/gu, ' ').replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
