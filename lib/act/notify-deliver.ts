import { isDeepStrictEqual } from 'node:util'
import type { Notice } from '../decide/notice.ts'
import { isPostUrl } from '../model/host-port.ts'
import type { SecretRef } from '../model/monitor.ts'
import type { Route } from '../model/route.ts'
import { type Attempt, attempt } from './notify-attempt.ts'
import { createLimits, type Limits } from './notify-limits.ts'
import type { Deliver, Delivery } from './ports.ts'

export interface DeliverOptions {
  /**
   * Reads a secret; rejects with what to do where it cannot, naming the reference and never the value. `isStale`: a destination
   * refused it.
   */
  secret(ref: SecretRef, options?: { isStale?: boolean }): Promise<string>
  /** Waits; never rejects. */
  pause(ms: number, signal?: AbortSignal): Promise<void>
  /** 0 to 1. */
  chance(): number
  nowMs(): number
}

const mostAttempts = 6
const longestAttemptMs = 10_000
const [firstWaitMs, longestWaitMs] = [500, 16_000]

/**
 * A sender to the routes given: retries what may pass (429, 5xx, no connection) with growing waits or as long as asked to,
 * keeps to the rate that each destination allows, and gives up at the deadline. What is refused is not tried twice.
 */
export function createDeliver(routes: readonly Route[], options: DeliverOptions): Deliver {
  const limits = createLimits(options)
  const byName = new Map(routes.map((route) => [route.name, route]))
  return async (notice, { deadlineMs, signal }) => {
    const route = byName.get(notice.route)
    if (!route) return { kind: 'undelivered', reason: 'there is no such route any more', isFinal: true }
    const trying = { ...options, limits, endMs: options.nowMs() + deadlineMs, ...(signal && { signal }) }
    try {
      const open = await opened(route, options.secret)
      const outcome = await persist(open, notice, trying)
      if (outcome.kind === 'delivered' || !outcome.isFinal) return outcome
      // A key that was refused may have been changed since it was read.
      const fresh = await opened(route, (ref) => options.secret(ref, { isStale: true }))
      return isDeepStrictEqual(open, fresh) ? outcome : await persist(fresh, notice, trying)
    } catch (error) {
      return { kind: 'undelivered', reason: (error as Error).message, isFinal: false }
    }
  }
}

interface Trying extends DeliverOptions {
  limits: Limits
  endMs: number
  signal?: AbortSignal
}

async function persist(route: Route<string>, notice: Notice, trying: Trying): Promise<Delivery> {
  const { nowMs, pause, chance, endMs, signal } = trying
  let said: string | undefined
  for (let i = 0; ; i++) {
    if (!(await trying.limits.wait(route, endMs, signal)))
      return { kind: 'undelivered', reason: 'its turn did not come in time: too much is told there', isFinal: false }
    const timeoutMs = Math.max(1, Math.min(longestAttemptMs, endMs - nowMs()))
    const outcome: Attempt = await attempt(route, notice, { timeoutMs, ...(signal && { signal }) })
    if (outcome.kind === 'accepted')
      return { kind: 'delivered', ...(outcome.ref !== undefined && { ref: outcome.ref }) }
    if (outcome.kind === 'refused') return { kind: 'undelivered', reason: outcome.reason, isFinal: true }
    const { retryAfterMs } = outcome
    // That we broke it off says nothing of the destination; what it did before does.
    const reason = (signal?.aborted ? said : undefined) ?? outcome.reason
    said = reason
    const waitMs = Math.max(retryAfterMs ?? 0, Math.min(longestWaitMs, firstWaitMs * 2 ** i) * (1 + chance() / 2))
    const isLast = i + 1 >= mostAttempts || nowMs() + waitMs >= endMs
    if (isLast || signal?.aborted)
      return { kind: 'undelivered', reason, isFinal: false, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    await pause(waitMs, signal)
  }
}

/** A route with its secrets read. Rejects where one cannot be read or cannot be used. */
async function opened(route: Route, source: (ref: SecretRef) => Promise<string>): Promise<Route<string>> {
  const read = async (value: string | SecretRef) => (typeof value === 'string' ? value : (await source(value)).trim())
  const readUrl = async (value: string | SecretRef) => {
    const url = await read(value)
    if (isPostUrl(url)) return url
    const name = typeof value === 'string' ? '' : ` ${JSON.stringify(value)}`
    throw new Error(
      `the secret${name} holds no https URL without user (http on loopback only): store the whole address of the webhook`,
    )
  }
  if (route.kind === 'pagerduty') return { ...route, routingKey: await read(route.routingKey) }
  if (route.kind === 'sns') return route
  if (route.kind === 'webhook') {
    const { url, secret, ...rest } = route
    return { ...rest, url: await readUrl(url), ...(secret !== undefined && { secret: await read(secret) }) }
  }
  return 'webhook' in route
    ? { ...route, webhook: await readUrl(route.webhook) }
    : { ...route, token: await read(route.token) }
}
