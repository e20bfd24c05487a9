import type { FailoverHappening, FailoverMove, FailoverNote } from '../api/failovers.ts'
import { h } from './dom.ts'
import { reasonList } from './failover-panel.ts'
import { span } from './format.ts'
import { timeTag } from './time.ts'

/** What has happened, newest first: moves with the duration of each step, and all else in a line. */
export function historyList(history: readonly FailoverHappening[]): HTMLElement {
  const items = history.map((one) =>
    h('li', {}, timeTag(one.atMs), ' ', one.kind === 'move' ? moveItem(one) : noteItem(one)),
  )
  return h(
    'section',
    { class: 'panel' },
    h('h2', {}, 'What has happened'),
    items.length > 0 ? h('ol', { class: 'happenings' }, items) : h('p', { class: 'note' }, 'Nothing yet.'),
  )
}

const outcomes = {
  moved: { look: 'up', mark: '✔' },
  'under way': { look: 'degraded', mark: '▲' },
  'not moved': { look: 'down', mark: '✖' },
} as const

function moveItem({
  failover,
  from,
  to,
  trigger,
  note,
  outcome,
  verification,
  text,
  steps,
  reasons,
}: FailoverMove): HTMLElement {
  const { look, mark } = outcomes[outcome]
  return h(
    'div',
    { class: 'happening' },
    h(
      'p',
      {},
      h('span', { class: `look ${look}` }, `${mark} ${outcome}`),
      ` ${failover}: ${from ?? '?'} → ${to}, by ${trigger}. ${text}`,
    ),
    note && h('p', {}, `“${note}”`),
    verification?.problem &&
      !text.includes(verification.problem) &&
      h('p', { class: 'look down' }, `✖ ${verification.problem}`),
    steps.length > 0 && stepList(steps),
    h('details', {}, h('summary', {}, 'Reasons'), reasonList(reasons)),
  )
}

/** Each step as long as it took, in words and as a bar. */
function stepList(steps: FailoverMove['steps']): HTMLElement {
  const longestMs = Math.max(...steps.map(({ tookMs }) => tookMs), 1)
  const items = steps.map(({ name, tookMs, atMs }) =>
    h(
      'li',
      {},
      h('span', { class: 'step-name' }, name),
      h('meter', { min: 0, max: longestMs, value: tookMs, 'aria-hidden': 'true' }),
      h('span', { class: 'number' }, span(tookMs)),
      timeTag(atMs),
    ),
  )
  return h('ol', { class: 'steps' }, items)
}

function noteItem({ failover, kind, text, reasons, isTrouble }: FailoverNote): HTMLElement {
  const mark = isTrouble ? '✖' : '·'
  return h(
    'div',
    { class: 'happening' },
    h(
      'p',
      {},
      h('span', { class: `look ${isTrouble ? 'down' : 'pending'}` }, `${mark} ${kind}`),
      ` ${failover}: ${text}`,
    ),
    reasons.length > 0 && h('details', {}, h('summary', {}, 'Details'), reasonList(reasons)),
  )
}
