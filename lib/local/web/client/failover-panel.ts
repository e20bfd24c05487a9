import type { DecisionView, EndpointView, FailoverView } from '../api/failovers.ts'
import { h } from './dom.ts'
import { lockMark, readinessMark } from './failover-marks.ts'
import { count, span } from './format.ts'
import { facts } from './monitor-panels.ts'
import { path } from './net.ts'
import { ageTag, timeTag, withTimes } from './time.ts'

interface Shown {
  failover: FailoverView
  vantages: readonly string[]
}

/** A failover as it stands: what is active, who voted how, why it was decided so. */
export function failoverPanel({ failover, vantages }: Shown): HTMLElement {
  const { id, record, active, mode, readiness, quorum, last, notable, lastMove } = failover
  const { ttlSeconds, zone, dig } = failover
  return h(
    'section',
    { class: 'panel failover', id: `failover-${id}`, 'aria-labelledby': `failover-${id}-name` },
    h(
      'div',
      { class: 'failover-head' },
      h('h2', { id: `failover-${id}-name` }, id),
      h('p', { class: 'record' }, record, ' → ', h('strong', {}, active ?? 'not known')),
      lockMark(failover),
      readinessMark(failover),
    ),
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Endpoints and votes' },
      votes(failover, vantages),
    ),
    h(
      'p',
      { class: 'help' },
      `It takes ${quorum.fail} of ${count(vantages.length, 'vantage')} that see the active endpoint down, `,
      `${quorum.pass} that see the target up, and ${quorum.voters} with a vote at all.`,
    ),
    problems(readiness),
    last ? decision(last, 'Last decision') : h('p', { class: 'note' }, 'No decision yet.'),
    notable && decision(notable, 'Before that'),
    facts([
      ['Mode', [mode]],
      ['Zone', [`${zone}, TTL ${ttlSeconds} s`]],
      ['Ask for it', dig === undefined ? [] : [h('code', {}, dig)]],
      [
        'Last move',
        lastMove ? [`to ${lastMove.to} `, timeTag(lastMove.atMs), movedText(lastMove), verifiedText(lastMove)] : [],
      ],
    ]),
  )
}

/** The time of the write is not that of the outage. */
function movedText({ tookMs, downForMs }: NonNullable<FailoverView['lastMove']>): string {
  const after = downForMs === undefined ? '' : `, ${span(downForMs)} after the failure was first seen`
  return `${after} (record written in ${span(tookMs)})`
}

function verifiedText({ verified }: NonNullable<FailoverView['lastMove']>): string {
  if (verified === undefined) return ', being verified'
  return verified ? ', verified' : ', not verified'
}

function problems(readiness: FailoverView['readiness']): HTMLElement | false {
  if (!readiness || readiness.problems.length === 0) return false
  const items = readiness.problems.map(({ code, detail }) => h('li', {}, h('code', {}, code), ` ${detail}`))
  return h('ul', { class: 'plain problems' }, items)
}

/** Endpoints down, vantages across: votes come first, as a phone has no room for more. */
function votes({ endpoints }: FailoverView, vantages: readonly string[]): HTMLElement {
  const columns = ['Endpoint', ...vantages, 'Up', 'Down', 'No vote', 'Leads to']
  const head = h(
    'tr',
    {},
    columns.map((name) => h('th', { scope: 'col' }, name)),
  )
  return h(
    'table',
    { class: 'votes' },
    h('caption', {}, 'Votes of the last decision'),
    h('thead', {}, head),
    h(
      'tbody',
      {},
      endpoints.map((endpoint) => endpointRow(endpoint, vantages)),
    ),
  )
}

function endpointRow(
  { id, active, region, lastResort, answer, monitors, votes: seen, causes = [] }: EndpointView,
  vantages: readonly string[],
) {
  const marks = [active && '▶ active', lastResort && 'last resort', region !== 'external' && region].filter(Boolean)
  const [first] = monitors
  const name = first ? h('a', { href: path('/monitors/:id', first) }, id) : id
  return h(
    'tr',
    { class: active ? 'active' : undefined },
    h('th', { scope: 'row' }, name, ' ', h('span', { class: 'marks' }, marks.join(' · '))),
    vantages.map((vantage) => h('td', {}, voteMark(seen, vantage))),
    [seen.up, seen.down, seen.none].map((ids) => h('td', { class: 'number' }, ids.length)),
    h(
      'td',
      {},
      h('code', {}, answer),
      causes.map((cause) => h('div', { class: 'help' }, cause)),
    ),
  )
}

function voteMark({ up, down }: EndpointView['votes'], vantage: string): HTMLElement {
  if (up.includes(vantage)) return h('span', { class: 'look up' }, '✔ up')
  if (down.includes(vantage)) return h('span', { class: 'look down' }, '✖ down')
  return h('span', { class: 'look pending' }, '– no vote')
}

const verdicts: Record<string, string> = {
  stay: 'stay',
  wait: 'wait: the votes have to hold',
  move: 'move',
  ask: 'a person is asked',
  refuse: 'refused',
  report: 'reported, not acted upon',
}

function decision({ atMs, trigger, kind, to, page, reasons, notMoved }: DecisionView, name: string): HTMLElement {
  return h(
    'div',
    { class: 'decision' },
    h(
      'h3',
      {},
      `${name}: ${verdicts[kind] ?? kind}${to ? ` to ${to}` : ''}`,
      page && h('span', { class: 'look down' }, ' ✖ pages a person'),
    ),
    h('p', { class: 'help' }, timeTag(atMs), ', ', ageTag(atMs), ` ago, by ${trigger}`),
    notMoved !== undefined && h('p', { class: 'look down' }, `✖ not moved: ${notMoved}`),
    reasonList(reasons),
  )
}

/** Reasons in words, what decided first. */
export function reasonList(reasons: readonly string[]): HTMLElement {
  return h(
    'ul',
    { class: 'plain reasons' },
    reasons.map((reason) => h('li', {}, withTimes(reason))),
  )
}
