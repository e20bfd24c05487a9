/** The votes on one monitor in one period, as CloudWatch adds them up. */
export interface Minute {
  atMs: number
  votes: number
  down: number
}

/** Votes come in up to so many periods late: these may be missing from the newest. */
export const latePeriods = 3

/**
 * Since when a monitor has been up by quorum without a break, as the votes that were published say; undefined where it is not
 * up now. A period in which fewer than `pass` of the vantages saw it up is a break; of the newest, votes may still be on their
 * way: they are one only once too many have seen it down.
 */
export function upSinceMs(
  minutes: readonly Minute[],
  {
    pass,
    vantages,
    periodMs,
    nowMs,
  }: { pass: number /** How many there are. */; vantages: number; periodMs: number; nowMs: number },
): number | undefined {
  const byTime = new Map(minutes.map((one) => [one.atMs, one]))
  const newest = Math.floor(nowMs / periodMs) * periodMs
  let sinceMs: number | undefined
  for (let atMs = newest; ; atMs -= periodMs) {
    const { votes, down } = byTime.get(atMs) ?? { votes: 0, down: 0 }
    const isUp = votes - down >= pass
    const isLate = sinceMs === undefined && newest - atMs < latePeriods * periodMs && vantages - down >= pass
    if (isUp) sinceMs = atMs
    else if (!isLate) return sinceMs
  }
}
