import type uPlot from 'uplot'
import { milliseconds } from '../../../model/figures.ts'
import { axisTexts } from './format.ts'
import { colour } from './theme.ts'
import { localTime, utc } from './time.ts'

const dayMs = 86_400_000
const dayText = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const minuteText = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const secondText = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', hourCycle: 'h23' })

/** Times along the ground, in the viewer's zone: a day where one begins. */
function timeTexts(splits: readonly number[], incrementMs: number): string[] {
  return splits.map((ms) => {
    const at = new Date(ms)
    const isMidnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0
    if (incrementMs >= dayMs || isMidnight) return dayText.format(at)
    return (incrementMs >= 60_000 ? minuteText : secondText).format(at)
  })
}

/** The same dashes beside its name. */
function dashName(dash: number[] | undefined): string {
  const [first = 0] = dash ?? []
  return first > 4 ? 'dashed' : first > 0 ? 'dotted' : 'solid'
}

/** What all charts have in common; the range is asked for with every draw. */
export function commonOptions(
  limits: () => { fromMs: number; toMs: number },
): Omit<uPlot.Options, 'series' | 'height'> {
  const [text, grid] = [colour('muted'), colour('line')]
  const axis = {
    stroke: text,
    font: '12px system-ui, sans-serif',
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
  }
  return {
    width: 600,
    ms: 1,
    padding: [22, 12, 0, 0],
    scales: {
      x: {
        time: true,
        range: () => {
          const { fromMs, toMs } = limits()
          return [fromMs, toMs]
        },
      },
      // Without anything to show, up to a millisecond.
      y: { range: (_, __, max) => [0, Math.max(max ?? 1, 0.1) * 1.08] },
    },
    axes: [
      { ...axis, size: 30, space: 70, values: (_, splits, __, ___, increment) => timeTexts(splits, increment) },
      { ...axis, size: 64, space: 34, values: (_, splits, __, ___, increment) => axisTexts(splits, increment) },
    ],
    legend: { live: true, markers: { width: 2, dash: (plot, i) => dashName(plot.series[i]?.dash) } },
  }
}

/** The time under the cursor. */
export const timeSeries: uPlot.Series = {
  label: 'Time',
  value: (_, ms) => (ms === null ? '–' : `${localTime(ms)} (${utc(ms).slice(11)})`),
}

/** A value under the cursor. */
export function valueText(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '–' : milliseconds(ms)
}
