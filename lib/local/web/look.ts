import type { State } from '../../decide/health.ts'
import type { Status } from '../../model/result.ts'

/** How a monitor is shown: its state, or what its last run says where that is worse and not confirmed yet. */
export type Look = 'down' | 'failing' | 'degraded' | 'unknown' | 'pending' | 'up'

/** Worst first, each with a mark of its own: nothing is told by colour alone. */
export const looks = {
  down: '✖',
  failing: '✖',
  degraded: '▲',
  unknown: '?',
  pending: '·',
  up: '✔',
} as const satisfies Record<Look, string>

/** All looks, worst first. */
export const worstFirst = Object.keys(looks) as Look[]

/** The look of a monitor in this state whose last run gave this status. */
export function lookOf(state: State, last: Status | undefined): Look {
  if (state === 'down') return 'down'
  if (last === 'down') return 'failing'
  return last === 'unknown' ? 'unknown' : state
}
