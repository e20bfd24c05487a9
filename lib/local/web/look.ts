import type { State } from '../../decide/health.ts'
import type { Status } from '../../model/result.ts'

/** How a monitor is shown: its state, or what its last run says where that is worse and not confirmed yet. */
export type Look = 'down' | 'failing' | 'degraded' | 'unknown' | 'pending' | 'muted' | 'up'

/** Worst first, each with a mark of its own: nothing is told by colour alone. */
export const looks = {
  down: '✖',
  failing: '✖',
  degraded: '▲',
  unknown: '?',
  pending: '·',
  muted: '◌',
  up: '✔',
} as const satisfies Record<Look, string>

/** All looks, worst first. */
export const worstFirst = Object.keys(looks) as Look[]

/**
 * The look of a monitor, from its state and its last run. What is not well in maintenance is `muted`, and counts as nothing else:
 * it is what was planned, and nobody is alerted. What is well in maintenance is well.
 */
export function lookOf(view: { state: State; last?: { status: Status }; muted?: boolean }): Look {
  const look = lookUnmuted(view)
  return view.muted && (look === 'down' || look === 'failing' || look === 'degraded') ? 'muted' : look
}

function lookUnmuted({ state, last }: { state: State; last?: { status: Status } }): Look {
  if (state === 'down') return 'down'
  if (last?.status === 'down') return 'failing'
  return last?.status === 'unknown' ? 'unknown' : state
}
