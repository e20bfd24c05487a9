/** A length of time in its two largest units: `43m 12s`, `2h 5m`, `3d 4h`. */
export function spelled(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0s'
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}

/** A share as a percentage that never rounds trouble away: 99.9996 % is not 100 %. */
export function percentText(share: number, decimals = 2): string {
  const scale = 10 ** (decimals + 2)
  return `${(Math.floor(share * scale + 1e-6) / (scale / 100)).toFixed(decimals).replace(/\.0+$/, '')} %`
}

/** `2026-11-20 12:03:20`, in UTC. */
export function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/** Milliseconds as people say them: `0.42 ms`, `87 ms`, `1.2 s`. */
export function msText(ms: number): string {
  if (ms >= 9999.5) return `${(ms / 1000).toFixed(1)} s`
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`
}
