import type { Config } from '../model/config.ts'
import type { VedetteEvent } from '../model/event.ts'
import type { ProbeResult } from '../model/result.ts'

/** As in AWS: three minutes without a vote, or two intervals where all are longer. */
const leastBlindMs = 3 * 60_000
/** Who looks every ten seconds, and has not for longer, slept, or had its clock set: nothing was missed in that time. */
const longestPauseMs = 60_000

/** Tells when this place is blind: its monitors run, and none of them has a vote. */
export class SightWatch {
  readonly #config: Config
  readonly #tell: (event: VedetteEvent) => void
  readonly #blindAfterMs: number
  #lastVoteMs: number | undefined
  #lookedMs: number | undefined
  #reason = ''
  #isBlind: boolean | undefined

  constructor(config: Config, tell: (event: VedetteEvent) => void) {
    this.#config = config
    this.#tell = tell
    this.#blindAfterMs = Math.max(leastBlindMs, 2 * Math.min(...config.monitors.map(({ everyMs }) => everyMs)))
  }

  take({ status, failure, startedAt, vantage }: ProbeResult): void {
    const atMs = Date.parse(startedAt)
    this.#lastVoteMs ??= atMs
    if (status !== 'unknown') {
      this.#lastVoteMs = Math.max(this.#lastVoteMs, atMs)
      if (this.#isBlind !== false) this.#tell({ ...this.#head(atMs), type: 'vantage.seeing', vantage })
      this.#isBlind = false
    } else if (failure) this.#reason = `${failure.code}: ${failure.message}`
  }

  /** Looks at the clock. */
  look(nowMs: number): void {
    const pauseMs = nowMs - (this.#lookedMs ?? nowMs)
    this.#lookedMs = nowMs
    if (this.#lastVoteMs !== undefined && (pauseMs < 0 || pauseMs > longestPauseMs)) this.#lastVoteMs = nowMs
    const sinceMs = this.#lastVoteMs
    if (sinceMs === undefined || this.#isBlind || nowMs - sinceMs < this.#blindAfterMs) return
    this.#isBlind = true
    const detail = `no vote since then${this.#reason === '' ? '' : `; the last reason: ${this.#reason}`}`
    this.#tell({ ...this.#head(nowMs), type: 'vantage.blind', vantage: 'local', sinceMs, detail })
  }

  #head(atMs: number) {
    const { service, env } = this.#config
    return { service, ...(env !== undefined && { env }), atMs }
  }
}
