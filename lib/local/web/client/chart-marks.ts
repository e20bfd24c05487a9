import type uPlot from 'uplot'
import type { SeriesFailure } from '../api/series.ts'
import type { FailureMark } from './chart-data.ts'
import { colour } from './theme.ts'

/** What was slow, or had no vote, does not look like an outage. */
const markColours = { down: 'down', degraded: 'degraded', unknown: 'muted', up: 'muted' } as const

/** Runs that were not up are crosses above the lines, with their codes where there is room. */
export function drawMarks(plot: uPlot, failures: readonly SeriesFailure[], marks: readonly FailureMark[]): void {
  const { ctx } = plot
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  const byColour = Object.groupBy(failures, ({ status }) => markColours[status])
  for (const [name, marked] of Object.entries(byColour)) {
    ctx.strokeStyle = colour(name)
    drawCrosses(plot, marked)
  }
  drawCodes(plot, marks)
  ctx.restore()
}

function drawCrosses({ ctx, bbox, valToPos }: uPlot, failures: readonly SeriesFailure[]): void {
  const scale = devicePixelRatio
  const [crosses, lines] = [new Path2D(), new Path2D()]
  const [top, arm] = [bbox.top - 5 * scale, 3 * scale]
  for (const { atMs } of failures) {
    const x = valToPos(atMs, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    crosses.moveTo(x - arm, top - arm)
    crosses.lineTo(x + arm, top + arm)
    crosses.moveTo(x + arm, top - arm)
    crosses.lineTo(x - arm, top + arm)
    lines.moveTo(x, bbox.top)
    lines.lineTo(x, bbox.top + bbox.height)
  }
  ctx.stroke(crosses)
  ctx.globalAlpha = 0.35
  ctx.stroke(lines)
  ctx.globalAlpha = 1
}

function drawCodes({ ctx, bbox, valToPos }: uPlot, marks: readonly FailureMark[]): void {
  const scale = devicePixelRatio
  ctx.font = `${11 * scale}px system-ui, sans-serif`
  ctx.textBaseline = 'bottom'
  ctx.textAlign = 'left'
  const taken: { from: number; to: number }[] = []
  // What was down comes first where there is no room for all.
  const isLess = ({ status }: FailureMark) => Number(status !== 'down')
  for (const mark of marks.toSorted((a, b) => isLess(a) - isLess(b))) {
    const width = ctx.measureText(mark.text).width
    const from = Math.min(valToPos(mark.atMs, 'x', true), bbox.left + bbox.width - width)
    const to = from + width + 8 * scale
    if (from < bbox.left || taken.some((other) => from < other.to && other.from < to)) continue
    ctx.fillStyle = colour(markColours[mark.status])
    ctx.fillText(mark.text, from, bbox.top - 9 * scale)
    taken.push({ from, to })
  }
}
