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

/** Takes the first SIGINT or SIGTERM as a wish to end in order, and a second one as an order to end at once (130, 143). */
export function untilSignal(): Stop {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isRequested = false
  const request = () => {
    isRequested = true
    resolve()
  }
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (isRequested) process.exit(128 + constants.signals[signal])
    request()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    requested: promise,
    get isRequested() {
      return isRequested
    },
    request,
    dispose: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
