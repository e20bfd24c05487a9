import type { Sparkline } from './api/overview.ts'

const digits = '0123456789abcdefghijklmnopqrstuv'
const gap = '-'

/** Durations in milliseconds, null for a gap, as one character each: a thousand sparklines go with every overview. */
export function encodeSparkline(durations: readonly (number | null)[]): Sparkline {
  const maxMs = Math.max(0, ...durations.map((ms) => ms ?? 0))
  const top = digits.length - 1
  const points = durations.map((ms) => (ms === null ? gap : digits[maxMs > 0 ? Math.round((ms / maxMs) * top) : 0]))
  return { maxMs: Math.round(maxMs * 10) / 10, points: points.join('') }
}

/** The durations of a sparkline, as exact as it keeps them. */
export function decodeSparkline({ maxMs, points }: Sparkline): (number | null)[] {
  return [...points].map((point) => (point === gap ? null : (digits.indexOf(point) / (digits.length - 1)) * maxMs))
}
