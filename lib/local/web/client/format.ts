/** Milliseconds along an axis, in one unit and with as many digits as tell its steps apart: `0`, `0.25 ms`, `0.50 ms`. */
export function axisTexts(splits: readonly number[], stepMs: number): string[] {
  const [unit, name] = (splits.at(-1) ?? 0) >= 1000 ? [1000, 's'] : [1, 'ms']
  const isWhole = (digits: number) => Number.isInteger(Number(((stepMs / unit) * 10 ** digits).toFixed(6)))
  const digits = [0, 1, 2].find(isWhole) ?? 3
  return splits.map((ms) => (ms === 0 ? '0' : `${(ms / unit).toFixed(digits)} ${name}`))
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A length of time in its two largest units: `3 m 20 s`, `2 d 4 h`. */
export function span(ms: number): string {
  const rest = Math.max(0, ms)
  if (rest < 1000) return `${Math.round(rest)} ms`
  const first = units.findIndex(([, unit]) => rest >= unit)
  const [name, unit] = units[first] ?? units[3]
  const [nextName, nextUnit] = units[first + 1] ?? ['', 0]
  const more = nextUnit > 0 ? Math.floor((rest % unit) / nextUnit) : 0
  return `${Math.floor(rest / unit)} ${name}${more > 0 ? ` ${more} ${nextName}` : ''}`
}

/** How long ago, in its largest unit: `20 s`, `3 h`. */
export function age(ms: number): string {
  const [name, unit] = units.find(([, length]) => ms >= length) ?? units[3]
  return `${Math.max(0, Math.floor(ms / unit))} ${name}`
}

/** `1 run`, `1,440 runs`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
}

/** As long before its end a certificate should have been renewed. */
const soonDays = 21

/** What a certificate has left, in words: whole days, and hours where that is less than one. */
export function certificateLeft(daysRemaining: number): { look: 'up' | 'degraded' | 'down'; left: string } {
  const days = Math.abs(daysRemaining)
  const [whole, noun] = days >= 1 ? [Math.floor(days), 'day'] : [Math.floor(days * 24), 'hour']
  const length = whole > 0 ? count(whole, noun) : 'less than an hour'
  if (daysRemaining <= 0) return { look: 'down', left: `expired ${length} ago` }
  return { look: daysRemaining < soonDays ? 'degraded' : 'up', left: `${length} left` }
}
