/** Less than one vote of any number makes, and more than what binary fractions lose: 0.57 is 57 %. */
const binaryLoss = 1e-9

/** A share as a percentage that never rounds trouble away: 99.9996 % is not 100 %. Without decimals where they are zeros: `97 %`. */
export function percentText(share: number, decimals = 2): string {
  return `${floored(share, decimals).replace(/\.0+$/, '')} %`
}

/** The same for columns: always two decimals, but for `100 %`. */
export function percentColumn(share: number): string {
  return share === 1 ? '100 %' : `${floored(share, 2)} %`
}

function floored(share: number, decimals: number): string {
  const scale = 10 ** decimals
  return (Math.floor(share * 100 * scale + binaryLoss) / scale).toFixed(decimals)
}

/** Milliseconds as people say them: `0.4 ms`, `84 ms`, `1.24 s`, `12.4 s`; in seconds from `secondsFromMs` on. */
export function milliseconds(ms: number, secondsFromMs = 1000): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < secondsFromMs - 0.5) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`
}

/** A burn rate: `14.4×`, `167×`. */
export function timesText(burn: number): string {
  return `${burn >= 100 ? Math.round(burn) : Math.round(burn * 10) / 10}×`
}
