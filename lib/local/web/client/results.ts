import { milliseconds } from '../../../model/figures.ts'
import type { MonitorPage } from '../api/monitor.ts'
import { looks } from '../look.ts'
import { type Phases, phaseNames } from './chart-data.ts'
import { arrange, h, setText } from './dom.ts'
import { timeTag } from './time.ts'

type Result = MonitorPage['results'][number]

/** The last results in full, newest first. What is opened stays open when others come. */
export class Results {
  readonly element: HTMLElement
  readonly #list = h('ol', { class: 'results' })
  readonly #note = h('p', { class: 'note' })
  readonly #items = new Map<string, HTMLLIElement>()

  constructor() {
    this.element = h('section', { class: 'panel' }, h('h2', {}, 'Last results in full'), this.#note, this.#list)
  }

  show(results: readonly Result[]): void {
    const shown = new Map(results.map((result) => [`${result.startedAt} ${result.vantage}`, result]))
    for (const key of this.#items.keys()) if (!shown.has(key)) this.#items.delete(key)
    const items = [...shown].map(([key, result]) => {
      const item = this.#items.get(key) ?? itemOf(result)
      this.#items.set(key, item)
      return item
    })
    arrange(this.#list, items)
    setText(this.#note, items.length > 0 ? '' : 'No run has ended yet.')
  }
}

function itemOf(result: Result): HTMLLIElement {
  const { startedAt, status, durationMs, attempts, vantage } = result
  const look = status === 'unknown' ? 'unknown' : status
  const details = h(
    'details',
    {},
    h(
      'summary',
      {},
      timeTag(Date.parse(startedAt)),
      h('span', { class: `look ${look}` }, `${looks[look]} ${status}`),
      h('span', { class: 'number' }, milliseconds(durationMs)),
      h('span', { class: 'from' }, `${vantage}${attempts > 1 ? ` · ${attempts} attempts` : ''}`),
      h('span', { class: 'cause' }, whatHappened(result)),
    ),
  )
  // Fifty results in full are a long page: each is filled when it is opened.
  details.addEventListener('toggle', () => details.append(...bodyOf(result)), { once: true })
  return h('li', {}, details)
}

function whatHappened({ failure, failedAssertions = [], observed }: Result): string {
  if (failure && failure.code !== 'ASSERTION') return `${failure.code} · ${failure.message}`
  if (failedAssertions.length > 0) {
    return failedAssertions.map(({ expected, got }) => `expected ${expected}, got ${got}`).join('; ')
  }
  if (failure) return failure.message
  if ('statusCode' in observed) return `status ${observed.statusCode}`
  if ('answers' in observed) return (observed.answers ?? []).join(', ')
  return ''
}

function bodyOf({ phases, observed, failure, failedAssertions }: Result): HTMLElement[] {
  const whole = { ...(failure && { failure }), ...(failedAssertions && { failedAssertions }), observed }
  return [phaseBar(phases), h('pre', { tabindex: 0 }, JSON.stringify(whole, null, 2))]
}

/** Each phase with its length. */
function phaseBar(phases: Phases): HTMLElement {
  const known = phaseNames.filter((name) => phases[name] !== undefined)
  return h(
    'dl',
    { class: 'facts' },
    known.flatMap((name) => [h('dt', {}, name), h('dd', { class: 'number' }, milliseconds(phases[name] ?? 0))]),
  )
}
