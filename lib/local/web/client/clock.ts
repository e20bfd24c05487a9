let offsetMs = 0

/** Ages are counted from the server's clock, which may not be the viewer's. */
export function setServerClock(nowMs: number): void {
  offsetMs = nowMs - Date.now()
}

/** The server's time. */
export function serverNow(): number {
  return Date.now() + offsetMs
}
