import type { MonitorRow } from '../api/overview.ts'
import { lookOf, looks } from '../look.ts'
import { barsLabel, drawBars, drawSparkline } from './bars.ts'
import { h, setAttribute, setText } from './dom.ts'
import { age, milliseconds, percent } from './format.ts'
import { path } from './net.ts'
import { durationsOf } from './store.ts'
import { ageTag, serverNow, setAge } from './time.ts'

/** A monitor's line on the overview. Texts are always true; what is drawn waits until somebody can see it. */
export class OverviewRow {
  readonly element: HTMLLIElement
  readonly id: string
  readonly #row: MonitorRow
  readonly #state = h('span', { class: 'look' })
  readonly #since = ageTag()
  readonly #cause = h('span', { class: 'cause' })
  readonly #latency = h('span', { class: 'cell latency' })
  readonly #last = h('span', { class: 'number' })
  readonly #uptime = [24, 7, 30].map((length) => ({
    length,
    cell: h('span', { class: `cell uptime uptime-${length}` }),
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
      h('span', { class: 'cell what' }, this.#link, h('span', { class: 'target' }, row.target)),
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
    const { state, sinceMs, last, uptime, muted } = this.#row
    const look = lookOf(this.#row)
    setAttribute(this.#state, 'class', `look ${look}`)
    setText(this.#state, `${looks[look]} ${look}`)
    setAttribute(this.element, 'data-state', state)
    setAttribute(this.element, 'data-muted', muted && '')
    setAge(this.#since, sinceMs)
    // Fewer failures than it takes: its state is what it was.
    this.#since.hidden = look === 'failing' || look === 'unknown'
    this.#showCause()
    setText(this.#last, last && last.status !== 'unknown' ? milliseconds(last.durationMs) : '–')
    for (const [i, ratio] of [uptime.h24, uptime.d7, uptime.d30].entries()) {
      const number = this.#uptime[i]?.number
      if (number) setText(number, percent(ratio))
    }
    this.#isDrawn = false
    this.#draw()
  }

  /** Bars are others now. */
  barsChanged(): void {
    this.#areBarsDrawn = false
    this.update()
  }

  #showCause(): void {
    const { lastFailure, downAt, muted, state, last } = this.#row
    const isWell = state === 'up' && (last === undefined || last.status === 'up')
    const trouble = lastFailure && troubleText(lastFailure, isWell)
    const from = downAt?.join(', ')
    // Where it is well from here, what others see is all that there is to say of now.
    const now =
      from && (isWell ? `down from ${from}${trouble ? ` · ${trouble}` : ''}` : `from ${from}: ${trouble ?? 'down'}`)
    const parts = [muted && 'in maintenance', now || trouble]
    setText(this.#cause, parts.filter(Boolean).join(' · '))
    setAttribute(this.#cause, 'title', lastFailure?.message)
    setAttribute(this.#cause, 'data-past', isWell && !from ? '' : undefined)
  }

  #draw(): void {
    if (!this.#isSeen) return
    if (!this.#isDrawn) replaceDrawing(this.#latency, drawSparkline(durationsOf(this.#row), this.#latencyLabel()))
    this.#isDrawn = true
    if (this.#areBarsDrawn) return
    const { hours, days, uptime } = this.#row
    const ratios = [uptime.h24, uptime.d7, uptime.d30]
    for (const [i, { cell, length }] of this.#uptime.entries()) {
      const [bars, unit] = length === 24 ? ([hours, 'hour'] as const) : ([days, 'day'] as const)
      replaceDrawing(cell, drawBars(bars, length, barsLabel(bars, length, unit, ratios[i] ?? null)))
    }
    this.#areBarsDrawn = true
  }

  #latencyLabel(): string {
    const durations = durationsOf(this.#row).filter((ms) => ms !== null)
    if (durations.length === 0) return 'no latency yet'
    return `latency of the last runs: ${milliseconds(Math.min(...durations))} to ${milliseconds(Math.max(...durations))}`
  }
}

/** What was wrong, in words; of what is well again, how long ago. */
function troubleText({ code, words, message, atMs }: NonNullable<MonitorRow['lastFailure']>, isPast: boolean): string {
  if (isPast) return `${age(serverNow() - atMs)} ago: ${words}`
  return code === 'ASSERTION' ? message : `${words} · ${message}`
}

function replaceDrawing(cell: HTMLElement, drawing: SVGElement): void {
  const before = cell.querySelector('svg')
  if (before) before.replaceWith(drawing)
  else cell.prepend(drawing)
}
