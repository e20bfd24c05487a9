import type { ResultUpdate } from '../api/events.ts'
import type { MonitorRow } from '../api/overview.ts'
import { routes } from '../api/routes.ts'
import type { MonitorSeries } from '../api/series.ts'
import { percent } from '../uptime.ts'
import { summaryOf } from './chart-data.ts'
import { Charts } from './charts.ts'
import { serverNow } from './clock.ts'
import { button, h, setAttribute, setText } from './dom.ts'
import { count } from './format.ts'
import { load, path } from './net.ts'
import { bounded, defaultRange, limitsOf, panned, presets, type Range, rangeOf, rangeQuery, zoomed } from './range.ts'
import { setQuery } from './router.ts'
import { localTime } from './time.ts'
import { followFingers } from './touch.ts'

const panBy = 0.25
const zoomBy = 0.5
/** While a range is being dragged it is not asked for with every step. */
const settleMs = 150
/** Where the end of the range is now, all of it is asked for anew this often; results come by the stream meanwhile. */
const reloadEveryMs = 30_000
/** Sooner where a run was not up: the line that counts failures must not say that there is none. */
const reloadAfterFailureMs = 3000

/** Charts of a monitor with what moves them: buttons, keys, dragging, the wheel, fingers. The range is in the page's address. */
export class ChartPanel {
  readonly element: HTMLElement
  readonly #id: string
  readonly #charts: Charts
  readonly #onSeries: (series: MonitorSeries) => void
  readonly #signal: AbortSignal
  readonly #presets = presets.map(({ name, lastMs }) => ({ lastMs, button: button(name, () => this.#set({ lastMs })) }))
  readonly #shown = h('p', { class: 'range' })
  readonly #summary = h('p', { class: 'summary', role: 'status' })
  readonly #first: Range
  #range: Range
  #series: MonitorSeries | undefined
  #loadedMs = 0
  #hasFailed = false
  #loading = new AbortController()
  #settling: ReturnType<typeof setTimeout> | undefined

  /** `onSeries` is told of every series that was loaded. */
  constructor(row: Pick<MonitorRow, 'id' | 'everyMs'>, onSeries: (series: MonitorSeries) => void, signal: AbortSignal) {
    this.#id = row.id
    this.#first = defaultRange(row.everyMs)
    this.#range = rangeOf(location.search, this.#first, serverNow())
    this.#onSeries = onSeries
    this.#signal = signal
    this.#charts = new Charts({
      limits: () => limitsOf(this.#range, serverNow()),
      onSelect: (fromMs, toMs) => this.#set(bounded({ fromMs, toMs }, serverNow())),
      onDrag: (share) => this.#set(panned(this.#range, -share, serverNow())),
      onReset: () => this.#set(this.#first),
      signal,
    })
    const figure = h(
      'div',
      {
        class: 'figure',
        tabindex: 0,
        role: 'group',
        'aria-label': 'Latency over time',
        'aria-describedby': 'chart-help',
      },
      this.#charts.element,
    )
    figure.addEventListener('keydown', (event) => this.#onKey(event))
    figure.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false })
    followFingers(figure, {
      onDrag: (pixels) => this.#set(panned(this.#range, -pixels / this.#charts.place().width, serverNow())),
      onPinch: (factor, clientX) => this.#zoomAt(clientX, factor),
      signal,
    })
    this.element = h(
      'section',
      { class: 'panel chart-panel' },
      h('h2', {}, 'Latency'),
      h('div', { class: 'toolbar' }, this.#toolbar(), this.#shown),
      this.#summary,
      figure,
      h('p', { class: 'help', id: 'chart-help' }, help),
    )
    this.#mark()
  }

  /** Loads what is to be shown. Rejects with `LoadError`. */
  async load(): Promise<void> {
    this.#loading.abort()
    this.#loading = new AbortController()
    const signal = AbortSignal.any([this.#signal, this.#loading.signal])
    const { fromMs, toMs } = limitsOf(this.#range, serverNow())
    this.#loadedMs = performance.now()
    const query = { from: Math.floor(fromMs), to: Math.ceil(toMs) + 1 }
    // A run that fails meanwhile may not be in the answer.
    this.#hasFailed = false
    const series = await load<MonitorSeries>(path(routes.series, this.#id, query), signal)
    this.#series = series
    this.#charts.show(series)
    this.#describe(series)
    this.#onSeries(series)
  }

  /** A result of this monitor: drawn at once, where the end of the range is now. */
  take({ last, vantage, trouble }: ResultUpdate): void {
    if (!this.#series || !this.#isLive()) return
    const { points, failures } = this.#series
    points.atMs.push(last.atMs)
    points.durationMs.push(last.durationMs)
    points.status += { up: 'u', degraded: 'd', down: 'x', unknown: '-' }[last.status]
    this.#hasFailed ||= trouble !== undefined
    if (trouble) failures.push({ ...trouble, atMs: last.atMs, status: last.status, vantage })
  }

  /** Moves on with the time. */
  draw(): void {
    if (!this.#series || !this.#isLive()) return
    this.#charts.show(this.#series)
    const dueMs = this.#hasFailed ? reloadAfterFailureMs : reloadEveryMs
    if (performance.now() - this.#loadedMs > dueMs) this.#reload()
  }

  #isLive(): boolean {
    return 'lastMs' in this.#range
  }

  #reload(): void {
    // Whoever waits for it sees the banner where nothing answers; the lines stay as they are.
    this.load().catch((error: Error) => {
      if (error.name !== 'AbortError') setText(this.#summary, error.message)
    })
  }

  #set(range: Range): void {
    this.#range = range
    this.#mark()
    this.#charts.move()
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => this.#settle(), settleMs)
  }

  #settle(): void {
    if (this.#signal.aborted) return
    // Not with every step of a drag: browsers refuse an address that changes too often.
    setQuery(rangeQuery(this.#range, this.#first))
    this.#reload()
  }

  #mark(): void {
    const { fromMs, toMs } = limitsOf(this.#range, serverNow())
    for (const preset of this.#presets) {
      const isOn = 'lastMs' in this.#range && preset.lastMs === this.#range.lastMs
      setAttribute(preset.button, 'aria-pressed', String(isOn))
    }
    setText(this.#shown, this.#isLive() ? 'until now' : `${localTime(fromMs)} – ${localTime(toMs)}`)
  }

  #describe(series: MonitorSeries): void {
    const { runs, bad, codes } = summaryOf(series)
    const { everyNth } = series.points
    const failures = bad > 0 ? count(bad, 'failure') : codes ? 'None down' : 'No failures'
    const notUp = codes && `. Not up: ${codes}`
    const thinned = everyNth > 1 ? `. One good result in ${everyNth} is drawn` : ''
    const text = `${count(runs, 'run')}, ${percent((runs - bad) / runs)} not down. ${failures}${notUp}${thinned}.`
    setText(this.#summary, runs > 0 ? text : 'No results in this range.')
  }

  #toolbar(): HTMLElement[] {
    const act = (text: string, label: string, change: () => Range) =>
      button(text, () => this.#set(change()), { 'aria-label': label, title: label })
    return [
      h(
        'div',
        { class: 'chips', role: 'group', 'aria-label': 'Range' },
        this.#presets.map((one) => one.button),
      ),
      h(
        'div',
        { class: 'chips', role: 'group', 'aria-label': 'Zoom and pan' },
        act('◀', 'Earlier', () => panned(this.#range, -panBy, serverNow())),
        act('▶', 'Later', () => panned(this.#range, panBy, serverNow())),
        act('+', 'Zoom in', () => zoomed(this.#range, zoomBy, serverNow())),
        act('−', 'Zoom out', () => zoomed(this.#range, 1 / zoomBy, serverNow())),
        act('Reset', 'Reset the range', () => this.#first),
      ),
    ]
  }

  #onKey(event: KeyboardEvent): void {
    const change = keys[event.key]
    if (!change || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    this.#set(change(this.#range, this.#first))
  }

  /** Sideways pans; with Ctrl it zooms, as it does on a map. All else scrolls the page. */
  #onWheel(event: WheelEvent): void {
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX
    if (event.ctrlKey) this.#zoomAt(event.clientX, event.deltaY > 0 ? 1.2 : 1 / 1.2)
    else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      this.#set(panned(this.#range, sideways / 1000, serverNow()))
    } else return
    event.preventDefault()
  }

  /** The time at this point of the screen stays where it is. */
  #zoomAt(clientX: number, factor: number): void {
    const nowMs = serverNow()
    const { fromMs, toMs } = limitsOf(this.#range, nowMs)
    const { left, width } = this.#charts.place()
    const share = Math.min(1, Math.max(0, (clientX - left) / width))
    this.#set(zoomed(this.#range, factor, nowMs, fromMs + share * (toMs - fromMs)))
  }
}

const help =
  'Drag to zoom in, shift and drag to pan, double-click to reset. By keyboard: arrow keys, plus and minus, 0 to reset. By touch: one finger pans, two zoom.'

const keys: Record<string, (range: Range, first: Range) => Range> = {
  ArrowLeft: (range) => panned(range, -panBy, serverNow()),
  ArrowRight: (range) => panned(range, panBy, serverNow()),
  '+': (range) => zoomed(range, zoomBy, serverNow()),
  '=': (range) => zoomed(range, zoomBy, serverNow()),
  '-': (range) => zoomed(range, 1 / zoomBy, serverNow()),
  '0': (_, first) => first,
}
