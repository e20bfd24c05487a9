import type { DrillOutcome, DrillSight } from '../decide/drill.ts'
import { plainTable } from './plain-table.ts'

/** What came of a drill, for a terminal: when each server showed each vantage the move and the way back, and the result. */
export function drillLines({ outcome, detail, from, to, seen, steps, left }: DrillOutcome): string[] {
  const rows = [...Map.groupBy(seen, ({ server, vantage }) => JSON.stringify([server, vantage])).values()]
    .map((sights) => [sights[0]?.server ?? '', sights[0]?.vantage ?? '', shown(sights, 'there'), shown(sights, 'back')])
    .sort(([a = '', b = ''], [c = '', d = '']) => a.localeCompare(c) || b.localeCompare(d))
  const head = ['SERVER', 'VANTAGE', `TO ${to ?? '?'}`, `BACK TO ${from ?? '?'}`]
  const aligns: ('left' | 'right')[] = ['left', 'left', 'right', 'right']
  return [
    ...(rows.length > 0 ? [...plainTable({ head, rows, aligns }).split('\n'), ''] : []),
    ...(steps.length > 0 ? [steps.map(({ step, tookMs }) => `${step} ${shortTime(tookMs)}`).join(', '), ''] : []),
    `${outcome}: ${detail}`,
    ...(left ? [left] : []),
  ]
}

function shown(sights: readonly DrillSight[], move: DrillSight['move']): string {
  const sight = sights.find((one) => one.move === move)
  if (!sight) return '-'
  return sight.afterMs === undefined ? `not seen (${sight.says ?? 'nothing'})` : shortTime(sight.afterMs)
}

function shortTime(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
