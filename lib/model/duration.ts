const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Milliseconds of a duration such as `'500ms'`, `'2.5s'`, `'1m'`, `'6h'` or `'30d'`; undefined where the text is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text)
  const unit = match?.[2] && unitMs[match[2]]
  return match && unit ? Number(match[1]) * unit : undefined
}

/** A duration in its largest whole unit: 60000 → `'1m'`, 2500 → `'2.5s'`, 90000 → `'90s'`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = unitMs[unit] ?? 1
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`
  }
  return ms >= 1000 ? `${Number((ms / 1000).toFixed(2))}s` : `${Number(ms.toFixed(1))}ms`
}

/** A length of time in its largest unit: `12s`, `5m`, `3h`, `12d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 100) return `${seconds}s`
  if (seconds < 6000) return `${Math.floor(seconds / 60)}m`
  if (seconds < 360_000) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

/** A length of time in its two largest units: `43m 12s`, `2h 5m`; with other names for the units, `43 min 12 s`. */
export function inTwoUnits(
  ms: number,
  names: readonly [string, string, string, string] = ['d', 'h', 'm', 's'],
): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ]
  const named = parts.flatMap((part, i) => (part > 0 ? [`${part}${names[i]}`] : []))
  return named.slice(0, 2).join(' ') || `0${names[3]}`
}
