/** A stretch of time: the last so many milliseconds, which moves on, or one that stands still. */
export type Range = { lastMs: number } | { fromMs: number; toMs: number }

/** What the buttons offer. */
export const presets = [
  { name: '1 h', query: '1h', lastMs: 3_600_000 },
  { name: '6 h', query: '6h', lastMs: 21_600_000 },
  { name: '24 h', query: '24h', lastMs: 86_400_000 },
  { name: '7 d', query: '7d', lastMs: 604_800_000 },
  { name: '30 d', query: '30d', lastMs: 2_592_000_000 },
] as const

/** What is shown at first: an hour of what runs every few seconds, else a day. */
export function defaultRange(everyMs: number): Range {
  return { lastMs: everyMs < 30_000 ? 3_600_000 : 86_400_000 }
}

const leastMs = 60_000
/** The API answers for 31 days: a little less, for both ends are rounded outwards when it is asked. */
const mostMs = 31 * 86_400_000 - 1000

/** The range in a page's address; `fallback` where there is none. */
export function rangeOf(search: string, fallback: Range, nowMs: number): Range {
  const params = new URLSearchParams(search)
  const preset = presets.find(({ query }) => query === params.get('last'))
  if (preset) return { lastMs: preset.lastMs }
  const [fromMs, toMs] = [Number(params.get('from')), Number(params.get('to'))]
  return fromMs > 0 && toMs > fromMs ? bounded({ fromMs, toMs }, nowMs) : fallback
}

/** The same for an address; the fallback leaves no trace. */
export function rangeQuery(range: Range, fallback: Range): Record<string, string> {
  const none = { last: '', from: '', to: '' }
  if ('fromMs' in range) return { ...none, from: String(Math.round(range.fromMs)), to: String(Math.round(range.toMs)) }
  const preset = presets.find(({ lastMs }) => lastMs === range.lastMs)
  return 'lastMs' in fallback && range.lastMs === fallback.lastMs ? none : { ...none, last: preset?.query ?? '' }
}

/** From when to when it is now. */
export function limitsOf(range: Range, nowMs: number): { fromMs: number; toMs: number } {
  return 'fromMs' in range ? range : { fromMs: nowMs - range.lastMs, toMs: nowMs }
}

/** Closer by a factor below 1, or further away; `atMs` stays where it is on the screen. */
export function zoomed(range: Range, factor: number, nowMs: number, atMs?: number): Range {
  const { fromMs, toMs } = limitsOf(range, nowMs)
  const fixed = atMs ?? (fromMs + toMs) / 2
  return bounded({ fromMs: fixed - (fixed - fromMs) * factor, toMs: fixed + (toMs - fixed) * factor }, nowMs)
}

/** Moved by a share of its length: negative is back in time. */
export function panned(range: Range, share: number, nowMs: number): Range {
  const { fromMs, toMs } = limitsOf(range, nowMs)
  const by = (toMs - fromMs) * share
  return bounded({ fromMs: fromMs + by, toMs: toMs + by }, nowMs)
}

/** Within what can be asked for, not in the future and not before 1970. */
export function bounded({ fromMs, toMs }: { fromMs: number; toMs: number }, nowMs: number): Range {
  const lengthMs = Math.min(mostMs, Math.max(leastMs, toMs - fromMs))
  const middle = (fromMs + toMs) / 2
  const end = Math.max(lengthMs, Math.min(nowMs, middle + lengthMs / 2))
  return { fromMs: Math.round(end - lengthMs), toMs: Math.round(end) }
}
