import { milliseconds } from '../../../model/figures.ts'
import type { MonitorRow } from '../api/overview.ts'
import { lookOf, looks } from '../look.ts'
import { percent, uptimeText } from '../uptime.ts'
import { barsLabel, drawBars, drawSparkline, uptimeParts, uptimeWords } from './bars.ts'
import { serverNow } from './clock.ts'
import { h, setAttribute, setText } from './dom.ts'
import { age } from './format.ts'
import { path } from './net.ts'
import { durationsOf } from './store.ts'
import { ageTag, setAge } from './time.ts'

/** A monitor's line on the overview. Texts are always true; what is drawn waits until somebody can see it. */
export class OverviewRow {
  readonly element: HTMLLIElement
  readonly id: string
  readonly #row: MonitorRow
  readonly #state = h('span', { class: 'look' })
  readonly #since = ageTag()
  readonly #budget = h('span', { class: 'budget-mark' })
  readonly #code = h('code', { class: 'code' })
  readonly #words = h('span')
  readonly #cause = h('span', { class: 'cause' }, this.#code, this.#words)
  readonly #latency = h('span', { class: 'cell latency' })
  readonly #last = h('span', { class: 'number' })
  readonly #uptime = uptimeParts.map((part) => ({
    part,
    cell: h('span', { class: `cell uptime uptime-${part.last}` }),
    number: h('span', { class: 'number' }),
  }))
  readonly #link: HTMLAnchorElement
  #isSeen = false
  #isDrawn = false
  #areBarsDrawn = false

  constructor(row: MonitorRow) {
    this.#row = row
    this.id = row.id
    this.#link = h('a', { href: path('/monitors/:id', row.id), class: 'name' }, row.id)
    this.#latency.append(this.#last)
    for (const { cell, number } of this.#uptime) cell.append(number)
    this.element = h(
      'li',
      { class: 'row' },
      h('span', { class: 'cell state' }, this.#state, this.#since),
      h('span', { class: 'cell what' }, this.#link, this.#budget, h('span', { class: 'target' }, row.target)),
      this.#cause,
      this.#latency,
      this.#uptime.map(({ cell }) => cell),
    )
    this.update()
  }

  /** Whether somebody can see it, or soon might. */
  setSeen(isSeen: boolean): void {
    this.#isSeen = isSeen
    this.#draw()
  }

  /** Takes in what has changed in the monitor's row. */
  update(): void {
    const { state, sinceMs, last, muted } = this.#row
    const look = lookOf(this.#row)
    setAttribute(this.#state, 'class', `look ${look}`)
    setText(this.#state, `${looks[look]} ${look}`)
    setAttribute(this.element, 'data-state', state)
    setAttribute(this.element, 'data-muted', muted && '')
    setAge(this.#since, sinceMs)
    // Fewer failures than it takes: its state is what it was.
    this.#since.hidden = look === 'failing' || look === 'unknown'
    this.#showBudget()
    this.#showCause()
    // How soon it failed is no latency.
    const isGood = last?.status === 'up' || last?.status === 'degraded'
    setText(this.#last, isGood ? milliseconds(last.durationMs) : '–')
    for (const { number, part } of this.#uptime) {
      setText(number, uptimeText(this.#row, part.window))
      setAttribute(number, 'title', uptimeWords(this.#row, part))
    }
    this.#isDrawn = false
    this.#draw()
  }

  /** Bars are others now. */
  barsChanged(): void {
    this.#areBarsDrawn = false
    this.update()
  }

  /** A budget that burns, or is spent; of others there is nothing to say at a glance. */
  #showBudget(): void {
    const { left = 1, burning, why } = this.#row.budget ?? {}
    const words = burning ? '▲ burns its budget' : left <= 0 ? '▲ budget spent' : ''
    setText(this.#budget, words)
    setAttribute(this.#budget, 'data-slow', burning === 'ticket' && left > 0 ? '' : undefined)
    setAttribute(this.#budget, 'title', words && `${percent(left)} of its error budget is left${why ? `: ${why}` : ''}`)
  }

  #showCause(): void {
    const { lastFailure, downAt = [], muted, state, last } = this.#row
    const isWell = state === 'up' && (last === undefined || last.status === 'up')
    // Where the last run is all that sees it down, its state says so.
    const others = downAt.length > 1 || last?.status !== 'down' ? downAt.join(', ') : ''
    const from = others && `${isWell ? 'down ' : ''}from ${others}`
    const said = lastFailure && (isWell ? `${age(serverNow() - lastFailure.atMs)} ago: ` : '') + lastFailure.message
    const parts = [muted && 'in maintenance', ...(isWell ? [from, said] : [said, from])]
    const words = parts.filter(Boolean).join(' · ')
    setText(this.#code, lastFailure?.code ?? '')
    setText(this.#words, words)
    // Two lines may not hold it all.
    setAttribute(this.#cause, 'title', lastFailure && `${lastFailure.code}, ${lastFailure.words}. ${words}`)
    setAttribute(this.#cause, 'data-past', isWell && downAt.length === 0 ? '' : undefined)
  }

  #draw(): void {
    if (!this.#isSeen) return
    if (!this.#isDrawn) replaceDrawing(this.#latency, drawSparkline(durationsOf(this.#row), this.#latencyLabel()))
    this.#isDrawn = true
    if (this.#areBarsDrawn) return
    for (const { cell, part } of this.#uptime)
      replaceDrawing(cell, drawBars(this.#row[part.bars], part.last, barsLabel(this.#row, part)))
    this.#areBarsDrawn = true
  }

  #latencyLabel(): string {
    const durations = durationsOf(this.#row).filter((ms) => ms !== null)
    if (durations.length === 0) return 'no latency yet'
    return `latency of the last runs: ${milliseconds(Math.min(...durations))} to ${milliseconds(Math.max(...durations))}`
  }
}

function replaceDrawing(cell: HTMLElement, drawing: SVGElement): void {
  const before = cell.querySelector('svg')
  if (before) before.replaceWith(drawing)
  else cell.prepend(drawing)
}
