import type { Health } from './api/engine.ts'
import type { Board } from './board.ts'

/** An engine that has said nothing for so long does not run as it should: it speaks every few seconds. */
const mostSilentMs = 15_000

/** How the engine does, for whatever wakes someone: whether it watches, remembers, and can tell. Anyone may read it: it names nothing. */
export function healthOf(board: Board): Health {
  const { history, routes } = board.engine()
  const untold = routes.filter(({ failing }) => failing).length
  return withProblems([
    ...livenessOf(board).problems,
    ...(history.trouble === undefined ? [] : ['the history is not written: the log says why']),
    ...(untold === 0
      ? []
      : [`${untold} of ${routes.length} routes cannot be told: "vedette status" says which, since when and why`]),
  ])
}

/** Whether the engine runs, for whatever restarts it: a restart frees no disk and mends no webhook. */
export function livenessOf(board: Board): Health {
  const { silentMs } = board.engine()
  return withProblems(
    silentMs > mostSilentMs ? [`the engine has said nothing for ${Math.round(silentMs / 1000)} s`] : [],
  )
}

function withProblems(problems: string[]): Health {
  return { status: problems.length === 0 ? 'ok' : 'failing', problems }
}
