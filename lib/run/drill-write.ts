import type { RecordStore } from '../act/ports.ts'
import { drillBatch } from '../decide/drill.ts'
import { answerIn, drillOf, matchesAnswer, type RecordSet } from '../decide/swap-records.ts'
import type { Failover } from '../model/failover.ts'

/** What writing to the drill's name needs of the world. */
export interface DrillWritePorts {
  records: RecordStore
  wallClock(): number
  pause(ms: number): Promise<void>
}

/** How a write ended. */
export type Written =
  /** It is as wanted since `atMs`, or a little after that where a reply was lost. `inDoubt`: a lost batch may still create it. */
  | { kind: 'done'; atMs: number; changeId?: string; inDoubt: boolean }
  | { kind: 'gaveUp'; why: string; inDoubt: boolean }

/** Whether there is no time left for drills: asked before each further try. Absent where what is there has to go anyway. */
export type IsOver = () => Promise<boolean>

const mostTries = 8
export const betweenTriesMs = 3000

/**
 * Makes the drill's name answer as wanted (nothing: gone), whatever is there. Each batch deletes exactly what was just listed,
 * so after an outcome that is not known, or a refusal, it reads again and goes on from there. Ends after a few tries.
 */
export async function writeDrill(
  failover: Failover,
  wanted: readonly RecordSet[],
  { records, wallClock, pause }: DrillWritePorts,
  isOver?: IsOver,
): Promise<Written> {
  const drill = drillOf(failover)
  let [sentMs, inDoubt, why] = [0, false, '']
  for (let tries = 1; tries <= mostTries; tries++) {
    if (tries > 1) await pause(betweenTriesMs)
    // A zone that is busy is left to whoever has more need of it.
    if (tries > 1 && (await isOver?.())) return { kind: 'gaveUp', why, inDoubt }
    const listed = await records.list(drill)
    if (listed.kind === 'denied') return { kind: 'gaveUp', why: `it may not be read: ${listed.message}`, inDoubt }
    why = `reading it was ${listed.kind}`
    if (listed.kind !== 'listed') continue
    if (matchesAnswer(answerIn(listed.sets, drill), wanted))
      return { kind: 'done', atMs: sentMs || wallClock(), inDoubt }
    sentMs = wallClock()
    const batch = drillBatch(listed.sets, wanted, failover)
    const outcome = await records.change(drill, batch)
    if (outcome.kind === 'written') {
      const { changeId } = outcome
      return { kind: 'done', atMs: wallClock(), ...(changeId !== undefined && { changeId }), inDoubt }
    }
    if (outcome.kind === 'denied') return { kind: 'gaveUp', why: `writing was denied: ${outcome.message}`, inDoubt }
    // One that deletes too is void as soon as what it deletes is gone.
    inDoubt ||= outcome.kind === 'unknown' && batch.every(({ action }) => action === 'CREATE')
    why = `writing was ${outcome.kind}`
  }
  return { kind: 'gaveUp', why: `${why}, ${mostTries} times`, inDoubt }
}
