import { timesText } from '../../../model/figures.ts'
import type { BudgetView } from '../api/budget.ts'
import { percent } from '../uptime.ts'
import { h } from './dom.ts'
import { span } from './format.ts'
import { facts } from './monitor-panels.ts'

const decisionLooks = { keep: 'up', 'watch closely': 'degraded', 'roll back': 'down' } as const
const marks = { up: '✔', degraded: '▲', down: '✖' } as const

/** What is left of an error budget, how fast it goes, and whether a change may stay. */
export function budgetPanel({ slo, account, pairs, verdict, why }: BudgetView): HTMLElement {
  const look = decisionLooks[verdict.decision]
  const { left, leftMs, budgetMs, upMs, downMs } = account
  const spent =
    leftMs >= 0 ? `${span(leftMs)} of ${span(budgetMs)}` : `overdrawn by ${span(-leftMs)} of ${span(budgetMs)}`
  const seenMs = Math.min(upMs + downMs, slo.windowMs)
  return h(
    'section',
    { class: 'panel budget' },
    h('h2', {}, 'Error budget'),
    h('p', { class: `big look ${look}` }, `${marks[look]} ${verdict.decision}`),
    h(
      'ul',
      { class: 'plain reasons' },
      why.map((reason) => h('li', {}, reason)),
    ),
    facts([
      ['Promised', [`${slo.objective} % over ${span(slo.windowMs)}`]],
      ['Left', [`${percent(left)}: ${spent}`]],
      ['Gone in', [verdict.exhaustion ? span(verdict.exhaustion.inMs) : '']],
      ['Seen', [`${span(seenMs)} of ${span(slo.windowMs)}, ${span(downMs)} of it down`]],
    ]),
    pairs.length > 0
      ? burnTable(pairs)
      : h('p', { class: 'note' }, 'It runs too seldom, or promises too little, for burn rates.'),
  )
}

const columns = ['Window', 'Burns', 'Lately', 'Limit']

function burnTable(pairs: BudgetView['pairs']): HTMLElement {
  const rows = pairs.map(({ pair, long, short, longBurn, shortBurn, seenMs, isBurning }) => {
    const look = isBurning ? (pair.severity === 'page' ? 'down' : 'degraded') : undefined
    const seen = seenMs < pair.longMs ? `${span(seenMs)} seen` : 'all seen'
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, pair.id, h('div', { class: 'help' }, seen)),
      h('td', { class: `number ${look ? `look ${look}` : ''}` }, look ? `${marks[look]} ` : '', rate(long, longBurn)),
      h('td', { class: 'number' }, rate(short, shortBurn), h('div', { class: 'help' }, `in ${span(pair.shortMs)}`)),
      h('td', { class: 'number' }, timesText(pair.burnRate), h('div', { class: 'help' }, pair.severity)),
    )
  })
  const head = h(
    'tr',
    {},
    columns.map((name) => h('th', { scope: 'col' }, name)),
  )
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Burn rates' },
    h('table', {}, h('thead', {}, head), h('tbody', {}, rows)),
  )
}

/** Without a vote there is no rate. */
function rate({ good, bad }: BudgetView['pairs'][number]['long'], burn: number): string {
  return good + bad > 0 ? timesText(burn) : '–'
}
