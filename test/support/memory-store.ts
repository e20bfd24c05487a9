import type { NotifyStore } from '../../lib/act/ports.ts'
import type { NotifyState } from '../../lib/decide/notice.ts'

export interface MemoryStore extends NotifyStore {
  kept: { state: NotifyState; version: number } | undefined
  /** Nothing can be read or written. */
  fails: boolean
  /** So many writes find that somebody else was faster. */
  conflicts: number
}

/** A store of what was told, in memory, that may be full or written by others. */
export function memoryStore(kept?: MemoryStore['kept']): MemoryStore {
  return {
    kept,
    fails: false,
    conflicts: 0,
    async load() {
      if (this.fails) throw new Error('disk full')
      return structuredClone(this.kept)
    },
    async save(state, version) {
      if (this.fails) throw new Error('disk full')
      if (this.conflicts-- > 0) return 'conflict'
      if (version !== (this.kept?.version ?? 0) + 1) return 'conflict'
      this.kept = { state, version }
      return 'saved'
    },
  }
}
