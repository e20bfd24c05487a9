/** Lets go of a place. */
export type Leave = () => void

/** A browser has six connections for a site without TLS: as many pages may hold one, so that two are left for all else. */
const names = [1, 2, 3, 4].map((i) => `vedette-stream-${i}`)

/**
 * Takes one of the places for pages that hold their stream of events open; undefined where the pages of this browser have
 * them all. A browser gives locks to pages that came safely alone (HTTPS, or this machine): others go without being counted.
 */
export async function takePlace(): Promise<Leave | undefined> {
  if (!('locks' in navigator)) return () => {}
  for (const name of names) {
    const leave = await tryLock(name)
    if (leave) return leave
  }
  return undefined
}

/** The lock is held until what is given is called, or the page is gone. */
function tryLock(name: string): Promise<Leave | undefined> {
  const { promise, resolve } = Promise.withResolvers<Leave | undefined>()
  const hold = (lock: Lock | null) => {
    if (lock) return new Promise<void>((leave) => resolve(leave))
    resolve(undefined)
    return undefined
  }
  navigator.locks.request(name, { ifAvailable: true }, hold).catch(() => resolve(undefined))
  return promise
}
