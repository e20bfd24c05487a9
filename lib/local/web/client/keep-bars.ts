import type { Overview } from '../api/overview.ts'
import { routes } from '../api/routes.ts'
import { load, path } from './net.ts'
import type { Store } from './store.ts'

/** How often monitors with new failures are asked for, how often very many at once. */
const someEveryMs = 5000
const manyEveryMs = 30_000
/** All of a thousand monitors every five minutes, of a few every quarter of a minute. */
const allEveryMs = (monitors: number) => Math.min(300_000, Math.max(15_000, monitors * 300))
/** With more than so many, the whole overview is no more work. */
const mostIds = 40

/**
 * Keeps bars and uptime true: a share of votes cannot be told from one result more, so monitors are asked for anew soon
 * after a failure (`failed`), and all of them every few minutes. `onChange` is told which have changed.
 */
export function keepBars(
  store: Store,
  onChange: (ids: string[]) => void,
): { failed(ids: readonly string[]): void; stop(): void } {
  const waiting = new Set<string>()
  const stopping = new AbortController()
  let allAtMs = performance.now()

  const refresh = async () => {
    const sinceAllMs = performance.now() - allAtMs
    const isAllDue = sinceAllMs > (waiting.size > mostIds ? manyEveryMs : allEveryMs(store.rows.size))
    if (document.visibilityState === 'hidden') return
    if (!isAllDue && (waiting.size === 0 || waiting.size > mostIds)) return
    const ids = isAllDue ? undefined : [...waiting].join(',')
    if (isAllDue) allAtMs = performance.now()
    waiting.clear()
    const fresh = await load<Overview>(path(routes.overview, '', { ids }), stopping.signal)
    store.overview.hours = fresh.hours
    store.overview.days = fresh.days
    // Only what the stream does not tell: this answer may be older than what the stream has told since.
    for (const { id, uptime, seenMs, hours, days, budget } of fresh.monitors) {
      const row = store.rows.get(id)
      if (row) Object.assign(row, { uptime, seenMs, hours, days, ...(budget && { budget }) })
    }
    onChange(fresh.monitors.map(({ id }) => id))
  }

  // What could not be asked is asked again the next time; the banner says that nothing answers.
  const timer = setInterval(() => refresh().catch(() => {}), someEveryMs)
  return {
    failed: (ids) => {
      for (const id of ids) waiting.add(id)
    },
    stop: () => {
      clearInterval(timer)
      stopping.abort()
    },
  }
}
