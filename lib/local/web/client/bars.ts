import type { Bars, MonitorRow, Overview } from '../api/overview.ts'
import { isTelling, percent, uptimeWindows } from '../uptime.ts'
import { svg } from './dom.ts'
import { count, span } from './format.ts'
import { localTime, utc } from './time.ts'

export interface BarSize {
  /** Of one bar, with the gap behind it. */
  step: number
  height: number
}

const smallBars: BarSize = { step: 4, height: 18 }

const allVotes = 10_000

/**
 * How it went, hour by hour or day by day. A bar without trouble is half as high as one with: what was down stands on top of
 * it, what was degraded between; where nothing was up, nothing is green. Where nothing was seen there is a line on the ground.
 */
export function drawBars(bars: Bars, last: number, label: string, size: BarSize = smallBars): SVGSVGElement {
  const { step, height } = size
  const shapes: Record<string, string> = {}
  const from = Math.max(0, bars.down.length - last)
  for (const [i, down] of bars.down.slice(from).entries()) {
    let ground = height
    for (const [kind, tall] of partsOf(down, bars.degraded?.[from + i] ?? 0, height)) {
      ground -= tall
      shapes[kind] = `${shapes[kind] ?? ''}M${i * step} ${ground}h${step - 1}v${tall}h${1 - step}z`
    }
  }
  const width = Math.min(last, bars.down.length) * step
  return svg(
    'svg',
    { class: 'bars', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
    Object.entries(shapes).map(([kind, d]) => svg('path', { class: `bar-${kind}`, d })),
  )
}

/** What a bar consists of, from the ground up. */
function partsOf(down: number | null, degraded: number, height: number): [kind: string, tall: number][] {
  if (down === null) return [['none', 1.5]]
  const base = Math.round(height / 2)
  const bad = troubleHeight(down, base)
  const poor = Math.min(troubleHeight(degraded, base), base - bad)
  // Shares are rounded up: together they may be a little more than all.
  const isUp = down + degraded < allVotes
  const parts: [string, number][] = [
    [isUp ? 'up' : degraded > 0 ? 'degraded' : 'down', base],
    ['degraded', poor],
    ['down', bad],
  ]
  return parts.filter(([, tall]) => tall > 0)
}

/** One failure in a day must be seen, and a whole day of them must look like more. */
function troubleHeight(share: number, most: number): number {
  return share === 0 ? 0 : Math.max(3, Math.round(Math.sqrt(share / allVotes) * most))
}

/** What uptime is told of, and the bars of it. */
export const uptimeParts = [
  { window: 'h24', name: '24 hours', bars: 'hours', last: 24, unit: 'hour' },
  { window: 'd7', name: '7 days', bars: 'days', last: 7, unit: 'day' },
  { window: 'd30', name: '30 days', bars: 'days', last: 30, unit: 'day' },
] as const

type UptimePart = (typeof uptimeParts)[number]
type WithUptime = Pick<MonitorRow, 'uptime' | 'seenMs' | 'hours' | 'days'>

/** Bars in words, for who cannot see them. */
export function barsLabel(row: WithUptime, part: UptimePart): string {
  const { bars, last, unit } = part
  const bad = row[bars].down.slice(-last).filter((share) => share !== null && share > 0).length
  return `${uptimeWords(row, part)}; ${bad === 0 ? 'no failures' : `failures in ${count(bad, unit)}`}`
}

/** Uptime with how much of its time was seen. */
export function uptimeWords({ uptime, seenMs }: WithUptime, { window, name }: UptimePart): string {
  const [ratio, seen] = [uptime[window], span(seenMs[window])]
  if (ratio === null) return `nothing seen over the last ${name}`
  const isKnown = isTelling(seenMs[window], uptimeWindows[window])
  return isKnown
    ? `${percent(ratio)} up over the last ${name}: ${seen} seen`
    : `too little seen over the last ${name} to say: ${percent(ratio)} up in ${seen}`
}

/** Every bar as a line of text, to hover over: its time, an hour or a day of UTC, and its share of failures. */
export function barTitle(bars: Bars, i: number, { startMs }: Overview['hours'], lengthMs: number): string {
  const down = bars.down[i] ?? null
  const fromMs = startMs + i * lengthMs
  const at = `${localTime(fromMs)} – ${localTime(fromMs + lengthMs)} (from ${utc(fromMs)})`
  if (down === null) return `${at}: nothing seen`
  const degraded = bars.degraded?.[i] ?? 0
  return `${at}: ${percent(down / allVotes)} down${degraded > 0 ? `, ${percent(degraded / allVotes)} degraded` : ''}`
}

/** The latest durations as a line; a run without one is a cross at the top. */
export function drawSparkline(durations: readonly (number | null)[], label: string): SVGSVGElement {
  const [width, height, slots] = [100, 18, 40]
  const shown = durations.slice(-slots)
  const most = Math.max(...shown.map((ms) => ms ?? 0), 0.001)
  const step = width / slots
  const first = slots - shown.length
  let [line, crosses, isDrawing] = ['', '', false]
  shown.forEach((ms, i) => {
    const x = ((first + i + 0.5) * step).toFixed(1)
    if (ms === null) crosses += `M${Number(x) - 1.5} 1.5l3 3m0 -3l-3 3`
    // A dot where there is nothing to join it to.
    else
      line += `${isDrawing ? 'L' : 'M'}${x} ${(height - 1 - (ms / most) * (height - 7)).toFixed(1)}${isDrawing ? '' : 'h0.1'}`
    isDrawing = ms !== null
  })
  return svg(
    'svg',
    { class: 'spark', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label },
    svg('path', { class: 'spark-line', d: line }),
    crosses !== '' && svg('path', { class: 'spark-cross', d: crosses }),
  )
}
