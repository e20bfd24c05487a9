import type { Health } from './api/engine.ts'
import type { Board } from './board.ts'

/** An engine that has said nothing for so long does not run as it should: it speaks every few seconds. */
const mostSilentMs = 15_000

/** How the engine does, for whatever restarts it or wakes someone. */
export function healthOf(board: Board): Health {
  const { silentMs, history } = board.engine()
  const problems = [
    ...(silentMs > mostSilentMs ? [`the engine has said nothing for ${Math.round(silentMs / 1000)} s`] : []),
    ...(history.trouble === undefined ? [] : ['the history is not written: the log says why']),
  ]
  return { status: problems.length === 0 ? 'ok' : 'failing', problems }
}
