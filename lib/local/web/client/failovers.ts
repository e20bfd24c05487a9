import type { FailoverHappening, FailoversPage } from '../api/failovers.ts'
import { routes } from '../api/routes.ts'
import { h, slot } from './dom.ts'
import { historyList } from './failover-history.ts'
import { failoverPanel } from './failover-panel.ts'
import { load } from './net.ts'
import { drawing, type Page, type PageContext } from './page.ts'
import { replaceFailover, withVoters } from './store.ts'

/** As many as the API gives. */
const mostHappenings = 200

/** Every failover with its votes and reasons, and what has happened to them. */
export async function failovers({ signal }: PageContext): Promise<Page> {
  const page = await load<FailoversPage>(routes.failovers, signal)
  const panels = new Map(page.failovers.map(({ id }) => [id, slot(failoverPanel)]))
  const history = slot(historyList)
  const draw = () => {
    for (const failover of page.failovers) panels.get(failover.id)?.show({ failover, vantages: page.vantages })
    history.show(page.history)
  }
  draw()
  const later = drawing(draw, signal)
  const none = h(
    'p',
    { class: 'note' },
    'There are no failovers in this config. ',
    'A failover moves a DNS record to a healthy endpoint: see "failovers" in the README.',
  )
  return {
    title: 'Failovers',
    element: h(
      'div',
      { class: 'failovers' },
      h('h1', {}, 'Failovers'),
      page.failovers.length === 0 && none,
      [...panels.values()].map(({ element }) => element),
      page.failovers.length > 0 && history.element,
    ),
    take: (event) => {
      if (event.name !== 'failover') return
      const { failover, happening } = event.data
      page.vantages = withVoters(page.vantages, failover)
      page.failovers = replaceFailover(page.failovers, failover)
      if (happening) page.history = withHappening(page.history, happening)
      later()
    },
  }
}

/** A move is told again as it goes on: it keeps its place. */
function withHappening(history: readonly FailoverHappening[], one: FailoverHappening): FailoverHappening[] {
  const isSame = ({ kind, failover, atMs }: FailoverHappening) =>
    kind === one.kind && failover === one.failover && atMs === one.atMs
  if (history.some(isSame)) return history.map((other) => (isSame(other) ? one : other))
  return [one, ...history].slice(0, mostHappenings)
}
