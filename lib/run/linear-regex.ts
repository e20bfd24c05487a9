import v8 from 'node:v8'

/**
 * Makes every regular expression of this process end in linear time: V8 falls back to its linear engine when a match
 * backtracks too much, and the flag `l` (which refuses what that engine cannot run) becomes known. Call once, at start.
 */
export function enableLinearRegex(): void {
  v8.setFlagsFromString('--enable-experimental-regexp-engine')
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
}
