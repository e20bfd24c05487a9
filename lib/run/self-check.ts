import type { Phases } from '../model/result.ts'
import { connectTcp, parseHostPort } from '../probe/connect.ts'
import type { ProbeDeps } from '../probe/probe.ts'

/** Long enough for any place that has a network; the verdict on a target waits for it. */
const selfCheckTimeoutMs = 2000

/**
 * Tells whether this place reaches any of its self-check targets right now. Many monitors that fail at once share one
 * round of connections.
 */
export function createSelfCheck(targets: readonly string[], deps: ProbeDeps): () => Promise<boolean> {
  let underWay: Promise<boolean> | undefined
  return () => {
    underWay ??= reachesAny(targets, deps).finally(() => {
      underWay = undefined
    })
    return underWay
  }
}

async function reachesAny(targets: readonly string[], deps: ProbeDeps): Promise<boolean> {
  if (targets.length === 0) return true
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), selfCheckTimeoutMs)
  const attempts = targets.map(async (target) => {
    const phases: Phases = {}
    const socket = await connectTcp({ ...parseHostPort(target), ipVersion: 'any' }, phases, deps, deadline.signal)
    socket.destroy()
  })
  try {
    await Promise.any(attempts)
    return true
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    deadline.abort()
  }
}
