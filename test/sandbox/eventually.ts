import { setTimeout as sleep } from 'node:timers/promises'

const everyMs = 200

/** Waits for what is to come about, without a guess at when; rejects where it does not in time. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, withinMs: number): Promise<T> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (Date.now() > endMs) throw new Error(`expected ${what} within ${withinMs / 1000} s, got nothing`)
    await sleep(everyMs)
  }
}
