import type { Move } from '../act/ports.ts'
import { stateIn } from '../decide/swap-records.ts'
import { hookText, type Page } from '../decide/swap-terms.ts'
import type { Failover } from '../model/failover.ts'
import { createAside } from './aside.ts'
import type { ControllerHost } from './controller-host.ts'
import type { FailoverStatus } from './failover-status.ts'

/** What seeing a move through needs. */
interface FollowUpHost extends Pick<ControllerHost, 'table' | 'records' | 'verify' | 'hook' | 'emit' | 'wallClock'> {
  page(failover: string, pages: readonly Page[]): void
  /** How failovers stand, as their controller knows it. */
  status: ReadonlyMap<string, FailoverStatus>
  isStopped(): boolean
}

/** How a move was written. */
interface Written {
  changeId: string | undefined
  epoch: number
}

/** Sees moves through that were made: verifies them, tells what is wrong, and calls the hooks after them. */
export function createFollowUp(host: FollowUpHost) {
  const aside = createAside()
  return {
    /** On the side: what is decided next does not wait until every server has heard of this. */
    begin: (failover: Failover, move: Move, written: Written): void => {
      const failed = ({ message }: Error) =>
        host.emit({ type: 'failed', failover: failover.id, message, atMs: host.wallClock() })
      aside.begin(follow(failover, move, written, host).catch(failed))
    },
    underWay: aside.underWay,
  }
}

async function follow(failover: Failover, move: Move, written: Written, host: FollowUpHost): Promise<void> {
  const { id } = failover
  const status = host.status.get(id)
  if (status) {
    status.lastMove = move
    for (const endpoint of status.endpoints) endpoint.active = endpoint.id === move.to
  }
  const keep = (lastMove: Move) => host.table.update(id, { lastMove }).catch(() => {})
  await keep(move)
  const endpoint = failover.endpoints.find((one) => one.id === move.to)
  if (!endpoint) return
  const verification = await host.verify(failover, endpoint, written.changeId)
  const now = host.status.get(id)
  // A later move has made this one's answer a thing of the past, and a stop has broken off the look at it.
  if (now?.lastMove?.atMs !== move.atMs || host.isStopped() || (await isOutdated(failover, move, host))) return
  now.lastMove = { ...move, verified: verification.problem === undefined }
  await keep(now.lastMove)
  if (verification.problem !== undefined && (await isElsewhere(failover, move, host))) return
  const seen = { to: move.to, movedAtMs: move.atMs, ...verification }
  host.emit({ type: 'verified', failover: id, atMs: host.wallClock(), ...seen })
  if (verification.problem === undefined && failover.hooks.after)
    await callAfter(failover, { name: 'after', key: `${id}/${written.epoch}`, to: move.to }, host)
}

/** Whether another process of this region has made a later move: that one keeps how it stands. */
async function isOutdated({ id }: Failover, { atMs }: Move, { table }: FollowUpHost): Promise<boolean> {
  const memory = await table.read(id).catch(() => undefined)
  return (memory?.lastMove?.atMs ?? atMs) > atMs
}

/** Whether the record leads elsewhere by now: another region has moved it on, and what is served is its to tell. */
async function isElsewhere(failover: Failover, { to }: Move, { records }: FollowUpHost): Promise<boolean> {
  const listed = await records.list(failover)
  const found = listed.kind === 'listed' ? stateIn(listed.sets, failover) : 'unreadable'
  return typeof found !== 'string' && found.state.active !== to
}

/** Runs the hook that follows a move; that it failed is told, and changes nothing. */
async function callAfter(
  failover: Failover,
  call: { name: 'after'; key: string; to: string },
  { hook, page }: FollowUpHost,
): Promise<void> {
  const came = await hook(failover, call)
  if (came.kind === 'hookOk') return
  const code = came.kind === 'hookFailed' ? 'HOOK_FAILED' : 'HOOK_UNKNOWN'
  page(failover.id, [{ code, detail: hookText(`after the move to ${call.to}`, came) }])
}
