import { constants } from 'node:os'

/** The wish to end, from a signal or from the program itself. */
export interface Stop {
  /** Resolves once the end is wished for. */
  requested: Promise<void>
  readonly isRequested: boolean
  request(): void
  /** Gives the signals back to Node's own handling. */
  dispose(): void
}

/** Signals so close together are one wish: systemd and `timeout` signal a launcher and its child, and the launcher passes it on. */
const sameWishMs = 500

/** Takes the first SIGINT or SIGTERM as a wish to end in order, and a later one as an order to end at once (130, 143). */
export function untilSignal(): Stop {
  const { promise, resolve } = Promise.withResolvers<void>()
  let requestedAtMs: number | undefined
  const request = () => {
    requestedAtMs ??= performance.now()
    resolve()
  }
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (requestedAtMs !== undefined && performance.now() - requestedAtMs > sameWishMs)
      process.exit(128 + constants.signals[signal])
    request()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    requested: promise,
    get isRequested() {
      return requestedAtMs !== undefined
    },
    request,
    dispose: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
