/** A length of time in its largest unit: `12s`, `5m`, `3h`, `12d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 100) return `${seconds}s`
  if (seconds < 6000) return `${Math.floor(seconds / 60)}m`
  if (seconds < 360_000) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
