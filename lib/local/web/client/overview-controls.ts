import type { MonitorRow } from '../api/overview.ts'
import type { Look } from '../look.ts'
import { arrange, button, h, setAttribute, setText } from './dom.ts'
import { countLooks, type Filter, filtered } from './overview-filter.ts'

/** Search, states, tags and grouping. Calls `onChange` with the filter that it then shows. */
export class OverviewControls {
  readonly element: HTMLElement
  filter: Filter
  readonly #onChange: () => void
  readonly #search = h('input', {
    type: 'search',
    placeholder: 'Search',
    'aria-label': 'Search monitors',
    id: 'search',
  })
  readonly #looks = h('div', { class: 'chips', role: 'group', 'aria-label': 'States' })
  readonly #chips = new Map<Look | 'all', HTMLButtonElement>()
  readonly #tag = h('select', { 'aria-label': 'Tag', id: 'tag' })
  readonly #group = h('input', { type: 'checkbox', id: 'group' })

  constructor(filter: Filter, tags: readonly string[], onChange: () => void) {
    // A tag that no monitor has any more would hide them all.
    this.filter = tags.includes(filter.tag) ? filter : { ...filter, tag: '' }
    this.#onChange = onChange
    this.#search.value = filter.query
    this.#group.checked = filter.isGrouped
    this.#tag.append(h('option', { value: '' }, 'All tags'), ...tags.map((tag) => h('option', { value: tag }, tag)))
    this.#tag.value = this.filter.tag
    this.#search.addEventListener('input', () => this.#set({ query: this.#search.value }))
    this.#tag.addEventListener('change', () => this.#set({ tag: this.#tag.value }))
    this.#group.addEventListener('change', () => this.#set({ isGrouped: this.#group.checked }))
    const withTags = tags.length > 0 && [this.#tag, h('label', { class: 'check' }, this.#group, ' Group by tag')]
    this.element = h('search', { class: 'controls' }, this.#looks, this.#search, withTags)
  }

  /** Counts the states of what passes all else. */
  draw(rows: Iterable<MonitorRow>): void {
    const passing = filtered(rows, this.filter, true)
    const counts = countLooks(passing)
    const shown = [
      this.#chip('all', `All ${passing.length}`),
      ...counts.map(({ look, mark, count }) => this.#chip(look, `${mark} ${look} ${count}`)),
      // What is chosen stays there to be let go of, also where nothing is in that state any more.
      ...[...this.filter.looks]
        .filter((look) => !counts.some((one) => one.look === look))
        .map((look) => this.#chip(look, `${look} 0`)),
    ]
    arrange(this.#looks, shown)
  }

  #chip(look: Look | 'all', text: string): HTMLButtonElement {
    let chip = this.#chips.get(look)
    if (!chip) {
      chip = button('', () => this.#toggle(look), { class: `chip look ${look}` })
      this.#chips.set(look, chip)
    }
    const isOn = look === 'all' ? this.filter.looks.size === 0 : this.filter.looks.has(look)
    setText(chip, text)
    setAttribute(chip, 'aria-pressed', String(isOn))
    return chip
  }

  #toggle(look: Look | 'all'): void {
    const looks = look === 'all' ? new Set<Look>() : new Set(this.filter.looks)
    if (look !== 'all' && !looks.delete(look)) looks.add(look)
    this.#set({ looks })
  }

  #set(change: Partial<Filter>): void {
    this.filter = { ...this.filter, ...change }
    this.#onChange()
  }
}
