import { leastVotes } from '../decide/budget.ts'
import { causeOf, type Health, initialHealth, judge, type Transition } from '../decide/health.ts'
import { inMaintenance } from '../decide/maintenance.ts'
import type { Monitor } from '../model/monitor.ts'
import { isWell, type ProbeResult } from '../model/result.ts'
import type { Uptime } from './rollup.ts'
import type { LastRun, MonitorView } from './snapshot.ts'

/** Enough for a sparkline. */
const recentRuns = 40

/** What is known of one monitor while the engine runs. */
export class Watch {
  readonly monitor: Monitor
  health: Health
  #isMuted = false
  #last: LastRun | undefined
  #lastFailure: MonitorView['lastFailure']
  #recent: (number | null)[] = []
  #good = 0
  #votes = 0

  constructor(monitor: Monitor, nowMs: number) {
    this.monitor = monitor
    this.health = initialHealth(nowMs)
  }

  /** Takes in a result; gives the change of state that it makes, if any, and whether nobody is to be alerted. */
  take(result: ProbeResult, nowMs: number): { transition?: Transition; muted: boolean } {
    const { status, durationMs, attempts, phases } = result
    const atMs = Date.parse(result.startedAt)
    const isGood = isWell(status)
    const cause = causeOf(result)
    this.#last = { atMs, status, durationMs, attempts, phases, ...(cause && { cause }) }
    if (cause) this.#lastFailure = { atMs, ...cause }
    this.#recent = [...this.#recent, isGood ? durationMs : null].slice(-recentRuns)
    if (status !== 'unknown') this.#votes++
    if (isGood) this.#good++
    this.#isMuted = inMaintenance(this.monitor.maintenance, nowMs)
    const { health, transition } = judge(this.health, result, this.monitor.thresholds, nowMs)
    this.health = health
    return { muted: this.#isMuted, ...(transition && { transition }) }
  }

  /** Replaces what was counted in this process by what the history has of the last 24 hours. */
  setUptime({ up, degraded, down }: Uptime): void {
    this.#good = up + degraded
    this.#votes = up + degraded + down
  }

  view(skipped: number): MonitorView {
    const { id, kind, tags, severity, everyMs } = this.monitor
    return {
      ...{ id, kind, tags, severity, everyMs, skipped },
      state: this.health.state,
      sinceMs: this.health.sinceMs,
      muted: this.#isMuted,
      recent: this.#recent,
      ...(this.#last && { last: this.#last }),
      ...(this.#lastFailure && { lastFailure: this.#lastFailure }),
      ...(this.#votes >= leastVotes && { uptime24h: this.#good / this.#votes }),
    }
  }
}
