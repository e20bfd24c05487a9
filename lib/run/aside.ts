/** Work that goes on beside whoever began it, so that an end can wait for it. */
export interface Aside {
  /** Takes work that tells of its failure itself: it is not to reject. */
  begin(work: Promise<unknown>): void
  /** What has not ended yet. */
  underWay(): Promise<unknown>[]
  /** Resolves when all has ended, with what was begun meanwhile. */
  settled(): Promise<void>
}

/** A place for work on the side, empty at first. */
export function createAside(): Aside {
  const all = new Set<Promise<unknown>>()
  return {
    begin: (work) => {
      const done: Promise<unknown> = work.finally(() => all.delete(done))
      all.add(done)
    },
    underWay: () => [...all],
    settled: async () => {
      while (all.size > 0) await Promise.all(all)
    },
  }
}
