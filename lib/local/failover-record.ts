import type { FailoverEvent } from '../run/failover-event.ts'
import type { History } from './history.ts'

/**
 * Keeps what failovers do in the history: all but decisions that say what the one before said, as one is made every minute. The
 * decision to stay is kept where it ends something else.
 */
export function createFailoverRecord(history: Pick<History, 'recordEvent'>): (event: FailoverEvent) => void {
  const said = new Map<string, string>()
  return (event) => {
    if (event.type === 'decided') {
      const now = gist(event)
      const before = said.get(event.failover) ?? staying
      // To stay is what comes after every move.
      said.set(event.failover, event.decision.kind === 'move' ? staying : now)
      if (now === before && event.trigger !== 'person') return
    }
    history.recordEvent({ atMs: event.atMs, kind: 'failover', detail: event })
  }
}

const staying = 'stay'

/** What a decision comes to, without its figures. */
function gist({ decision }: Extract<FailoverEvent, { type: 'decided' }>): string {
  if (decision.kind === 'stay') return staying
  const to = 'to' in decision ? decision.to : undefined
  return JSON.stringify([decision.kind, to, decision.reasons.map(({ code }) => code)])
}
