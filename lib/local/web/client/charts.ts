import uPlot from 'uplot'
import type { MonitorSeries } from '../api/series.ts'
import {
  type Columns,
  type FailureMark,
  failureMarks,
  percentiles,
  phaseNames,
  singleResults,
  stackedPhases,
} from './chart-data.ts'
import { drawMarks } from './chart-marks.ts'
import { commonOptions, timeSeries, valueText } from './chart-options.ts'
import { h } from './dom.ts'
import { colour, onTheme } from './theme.ts'

export interface ChartsOptions {
  /** What is to be shown now. */
  limits(): { fromMs: number; toMs: number }
  /** A stretch was marked. */
  onSelect(fromMs: number, toMs: number): void
  /** Dragged sideways, by a share of the width; positive is to the right. */
  onDrag(share: number): void
  /** Back to where it began. */
  onReset(): void
  signal: AbortSignal
}

const heights = { latency: 240, phases: 180 }
/** A shorter stretch was a click. */
const leastSelectPx = 6
/** Marks of one code that are closer are told as one. */
const nearPx = 90

/** Latency, and its phases below it, over the same time. */
export class Charts {
  readonly element = h('div', { class: 'charts' })
  readonly #options: ChartsOptions
  #plots: uPlot[] = []
  #series: MonitorSeries | undefined
  #stack: Columns = [[]]
  #marks: FailureMark[] = []

  constructor(options: ChartsOptions) {
    this.#options = options
    const resized = new ResizeObserver(() => {
      for (const plot of this.#plots) plot.setSize({ width: this.#width(), height: plot.height })
    })
    resized.observe(this.element)
    onTheme(() => this.#rebuild(), options.signal)
    options.signal.addEventListener('abort', () => {
      resized.disconnect()
      this.#destroy()
    })
  }

  /** Shows a series; the same lines as before move on. */
  show(series: MonitorSeries): void {
    this.#series = series
    if (this.#plots.length === 0) this.#rebuild()
    const [latency, phases] = this.#plots
    latency?.setData(this.#latencyData(series), false)
    phases?.setData(this.#phasesData(series), false)
    this.move()
  }

  /** Draws the time that is to be shown now. */
  move(): void {
    const { fromMs, toMs } = this.#options.limits()
    this.#group(toMs - fromMs)
    for (const plot of this.#plots) plot.setScale('x', { min: fromMs, max: toMs })
  }

  /** Where the time is on the screen, in pixels. */
  place(): { left: number; width: number } {
    return this.#plots[0]?.over.getBoundingClientRect() ?? { left: 0, width: 1 }
  }

  #rebuild(): void {
    if (!this.#series) return
    this.#destroy()
    const common = () => ({ ...commonOptions(this.#options.limits), width: this.#width(), cursor: this.#cursor() })
    const hooks = { setSelect: [(plot: uPlot) => this.#selected(plot)] }
    const { fromMs, toMs } = this.#options.limits()
    this.#group(toMs - fromMs)
    this.#plots = [
      new uPlot(
        {
          ...common(),
          height: heights.latency,
          series: latencySeries(),
          hooks: { ...hooks, draw: [(plot) => drawMarks(plot, this.#series?.failures ?? [], this.#marks)] },
        },
        this.#latencyData(this.#series),
        this.element,
      ),
      new uPlot(
        { ...common(), height: heights.phases, series: phaseSeries((phase, i) => this.#phaseAt(phase, i)), hooks },
        this.#phasesData(this.#series),
        this.element,
      ),
    ]
  }

  #destroy(): void {
    for (const plot of this.#plots) plot.destroy()
    this.#plots = []
  }

  #width(): number {
    return Math.max(280, Math.floor(this.element.clientWidth))
  }

  #latencyData(series: MonitorSeries): uPlot.AlignedData {
    const { up, degraded } = singleResults(series)
    return uPlot.join([percentiles(series), up, degraded])
  }

  #phasesData(series: MonitorSeries): uPlot.AlignedData {
    this.#stack = stackedPhases(series)
    const [times, ...columns] = this.#stack
    // The sum of all is drawn first, and what it consists of in front of it.
    return [times, ...columns.reverse()]
  }

  /** The length of one phase, not the height at which it ends. */
  #phaseAt(phase: number, i: number): number | null {
    const [top, ground] = [this.#stack[phase + 1]?.[i], phase > 0 ? this.#stack[phase]?.[i] : 0]
    return top === null || top === undefined ? null : top - (ground ?? 0)
  }

  #cursor(): uPlot.Cursor {
    return {
      sync: { key: 'monitor' },
      drag: { x: true, y: false, setScale: false },
      bind: {
        dblclick: () => () => {
          this.#options.onReset()
          return null
        },
        mousedown: (plot, _, handler) => (event) => (event.shiftKey ? this.#drag(plot, event) : handler(event)),
      },
    }
  }

  #drag(plot: uPlot, { clientX }: MouseEvent): null {
    let lastX = clientX
    const ending = new AbortController()
    const { signal } = ending
    document.addEventListener(
      'mousemove',
      (event) => {
        this.#options.onDrag((event.clientX - lastX) / plot.over.clientWidth)
        lastX = event.clientX
      },
      { signal },
    )
    document.addEventListener('mouseup', () => ending.abort(), { signal })
    return null
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select
    if (width < leastSelectPx) return
    const [fromMs, toMs] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]
    for (const one of this.#plots) one.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.#options.onSelect(fromMs, toMs)
  }

  #group(lengthMs: number): void {
    this.#marks = failureMarks(this.#series?.failures ?? [], (lengthMs / this.#width()) * nearPx)
  }
}

/** Told apart by their dashes as well as by their colours. */
function latencySeries(): uPlot.Series[] {
  const value = (_: uPlot, ms: number | null) => valueText(ms)
  const line = (label: string, name: string, dash?: number[]): uPlot.Series => ({
    ...{ label, value, stroke: colour(name), width: 1.5, points: { show: false } },
    ...(dash && { dash }),
  })
  const dots = (label: string, name: string, size: number): uPlot.Series => ({
    ...{ label, value, stroke: colour(name), paths: () => null },
    points: { show: true, size, width: 1, fill: colour(name), stroke: colour(name) },
  })
  return [
    timeSeries,
    line('p50', 'p50'),
    line('p95', 'p95', [7, 3]),
    line('p99', 'p99', [2, 3]),
    dots('Single result', 'single', 4),
    dots('Degraded', 'degraded', 6),
  ]
}

/** In the order in which they are drawn: the whole first. */
function phaseSeries(valueAt: (phase: number, i: number) => number | null): uPlot.Series[] {
  const series = phaseNames.map(
    (name, phase): uPlot.Series => ({
      ...{ label: name, stroke: colour(`phase-${name}`), fill: colour(`phase-${name}`), width: 1 / devicePixelRatio },
      points: { show: false },
      value: (_, __, ___, i) => (i === null ? '–' : valueText(valueAt(phase, i))),
    }),
  )
  return [timeSeries, ...series.reverse()]
}
