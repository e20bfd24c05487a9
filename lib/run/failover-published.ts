import type { AskVantage, ControllerTable } from '../act/ports.ts'
import { dnsLimitMs, type Published } from '../decide/probe-now.ts'
import { decodeState, type SwapState } from '../decide/swap-state.ts'
import type { Failover } from '../model/failover.ts'
import { tableText } from './table-store.ts'

/** So many vantages are asked before the rest is left unknown. */
const mostAsked = 3

/** A state, and what its record is instead of what goes with it. */
export type PublishedState = SwapState & Pick<Published, 'differs'>

/**
 * What the TXT of each failover says, as the zones' servers publish it, asked of one vantage after the other: Route 53's API
 * has few calls a second for a whole account. Those that move by health checks have theirs in the table. What cannot be
 * read is left out.
 */
export async function activeByDns(
  failovers: readonly Failover[],
  about: {
    ask: AskVantage
    table: Pick<ControllerTable, 'read'>
    vantages: readonly string[]
    first?: string
    /** The records are asked for too. */
    isWhole?: true
  },
): Promise<Map<string, PublishedState>> {
  const { ask, table, vantages, first, isWhole } = about
  const states = new Map<string, PublishedState>()
  const note = (id: string, { text, differs }: Published) => {
    const state = text === undefined ? undefined : decodeState(text)
    if (state) states.set(id, { ...state, ...(differs !== undefined && { differs }) })
  }
  const byRecord = failovers.filter((failover) => failover.switch === 'record')
  const others = failovers.filter((failover) => failover.switch !== 'record')
  await Promise.all(
    others.map((failover) =>
      tableText(failover, table).then(
        (text) => note(failover.id, { text }),
        () => {},
      ),
    ),
  )
  const order = [...new Set([...(first ? [first] : []), ...vantages])]
  for (const vantage of order.slice(0, mostAsked)) {
    const unknown = byRecord.filter(({ id }) => !states.has(id)).map(({ id }) => id)
    if (unknown.length === 0) break
    const answer = await ask(vantage, { ask: 'state', failovers: unknown, ...(isWhole && { isWhole }) }, dnsLimitMs)
    for (const [id, seen] of Object.entries(answer?.failovers ?? {})) note(id, seen)
  }
  return states
}
