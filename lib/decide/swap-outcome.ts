import type { Decision } from './failover-facts.ts'
import type { Outcome } from './swap-terms.ts'

/** A decision, and what came of it where it was to move: a decided move need not have been made. */
export type Decided = Decision & { outcome?: Outcome }

/** Why a decided move was not made, in a few words; undefined where the record is where it was to be. */
export function whyNotMoved(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'refused':
      return outcome.detail
    case 'gaveUp':
      return gaveUpTexts[outcome.reason]
    case 'superseded':
      return outcome.reason === 'CLAIMED'
        ? 'another decision holds the record claimed'
        : 'another decision changed the record meanwhile'
    default:
      return undefined
  }
}

const gaveUpTexts = {
  READS: 'it was given up, as Route 53 had been read as often as one move may',
  WRITES: 'it was given up, as Route 53 had been written to as often as one move may',
  HOOK: 'it was given up, as nobody knows whether the hook before it has run',
}
