import type { RecordStore } from '../act/ports.ts'

/** Lets one caller through at a time, `everyMs` after the one before it at the earliest: resolves when it is the caller's turn. */
export function createPacer(
  everyMs: number,
  { wallClock, pause }: { wallClock(): number; pause(ms: number): Promise<void> },
): () => Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY
  let turn = Promise.resolve()
  return () => {
    // One after the other: a pause may last longer than it was asked to.
    turn = turn.then(async () => {
      const waitMs = lastMs + everyMs - wallClock()
      if (waitMs > 0) await pause(waitMs)
      lastMs = wallClock()
    })
    return turn
  }
}

/** A store whose every call waits for its turn: what is not urgent leaves the account's calls to what is. */
export function pacedRecords(records: RecordStore, turn: () => Promise<void>): RecordStore {
  const { isInSync, zone } = records
  return {
    list: async (failover) => {
      await turn()
      return records.list(failover)
    },
    change: async (failover, changes) => {
      await turn()
      return records.change(failover, changes)
    },
    ...(isInSync && {
      isInSync: async (changeId: string) => {
        await turn()
        return isInSync(changeId)
      },
    }),
    ...(zone && {
      zone: async (failover) => {
        await turn()
        return zone(failover)
      },
    }),
  }
}
