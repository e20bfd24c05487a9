const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The times that uptime is told of. */
export const uptimeWindows = { h24: dayMs, d7: 7 * dayMs, d30: 30 * dayMs } as const
export type UptimeWindow = keyof typeof uptimeWindows

/** What was seen of less than this part of a time says nothing of it: an hour of a day, seven of a week. */
const leastPart = 1 / 24
/** Who was seen for less than this in a month is new. */
const newUntilMs = hourMs

/** Whether enough of a time was seen to say how much of it something was up. */
export function isTelling(seenMs: number, windowMs: number): boolean {
  return seenMs >= leastPart * windowMs
}

interface Uptime {
  uptime: Record<UptimeWindow, number | null>
  seenMs: Record<UptimeWindow, number>
}

/** Uptime of one of the times as it is shown: a percentage; `new`, or a dash, where too little was seen for one. */
export function uptimeText({ uptime, seenMs }: Uptime, window: UptimeWindow): string {
  const ratio = uptime[window]
  if (ratio === null) return '–'
  if (isTelling(seenMs[window], uptimeWindows[window])) return percent(ratio)
  return seenMs.d30 < newUntilMs ? 'new' : '–'
}

/** Less than one vote of any number makes, and more than what binary fractions lose: 0.57 is 57 %. */
const binaryLoss = 1e-9

/** A share as a percentage that never rounds trouble away: 99.999 % is not 100 %. */
export function percent(share: number | null): string {
  if (share === null) return '–'
  return share === 1 ? '100 %' : `${(Math.floor(share * 10_000 + binaryLoss) / 100).toFixed(2)} %`
}
