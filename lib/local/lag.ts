import { quantile } from '../decide/quantile.ts'

export interface LagSummary {
  /** All starts so far; the rest is of the latest of them. */
  count: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

/** How late runs start after their slots: a fixed memory of the latest. */
export class LagMeter {
  readonly #latest: Float64Array
  #count = 0

  constructor(size = 8192) {
    this.#latest = new Float64Array(size)
  }

  add(ms: number): void {
    this.#latest[this.#count++ % this.#latest.length] = ms
  }

  summary(): LagSummary {
    const sorted = this.#latest.slice(0, Math.min(this.#count, this.#latest.length)).sort()
    const at = (q: number) => quantile(sorted, q) ?? 0
    return { count: this.#count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
  }
}
