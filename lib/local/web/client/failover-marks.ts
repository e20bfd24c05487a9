import type { FailoverView } from '../api/failovers.ts'
import { h } from './dom.ts'
import { count } from './format.ts'

/** Whether it is locked; before its controller has told of it nobody knows. */
export function lockMark({ locked, active, last }: FailoverView): HTMLElement {
  if (locked) return h('span', { class: 'look degraded' }, '▲ locked: a person unlocks it')
  if (active === undefined && !last) return h('span', { class: 'look pending' }, '· lock not known yet')
  return h('span', { class: 'look up' }, '✔ not locked')
}

/** Whether it could move. */
export function readinessMark({ readiness }: FailoverView): HTMLElement {
  if (!readiness) return h('span', { class: 'look pending' }, '· readiness not looked at yet')
  const isReady = readiness.problems.length === 0
  const text = isReady ? '✔ ready' : `✖ not ready: ${count(readiness.problems.length, 'problem')}`
  return h('span', { class: `look ${isReady ? 'up' : 'down'}` }, text)
}

/** Failovers in a line each, for the overview: where the record leads, who sees that up, whether it could move. */
export function failoverLines(failovers: readonly FailoverView[]): HTMLElement {
  return h(
    'ul',
    { class: 'failover-lines', role: 'list', 'aria-label': 'Failovers' },
    failovers.map((failover) =>
      h(
        'li',
        {},
        h('a', { href: '/failovers' }, failover.id),
        h('span', { class: 'record' }, failover.record, ' → ', h('strong', {}, failover.active ?? 'not known')),
        votesMark(failover),
        readinessMark(failover),
        lockMark(failover),
      ),
    ),
  )
}

/** The votes of the last decision on the active endpoint. */
function votesMark({ endpoints, last, quorum }: FailoverView): HTMLElement {
  const votes = endpoints.find(({ active }) => active)?.votes
  if (!votes || !last) return h('span', { class: 'look pending' }, '· no votes yet')
  const { up, down, none } = votes
  const look = down.length >= quorum.fail ? 'down' : down.length > 0 || none.length > 0 ? 'degraded' : 'up'
  const mark = { down: '✖', degraded: '▲', up: '✔' }[look]
  const parts = [
    `${up.length} up`,
    ...(down.length > 0 ? [`${down.length} down`] : []),
    ...(none.length > 0 ? [`${none.length} without a vote`] : []),
  ]
  return h('span', { class: `look ${look}` }, `${mark} ${parts.join(', ')}`)
}
