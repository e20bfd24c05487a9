import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'
import { runMonitor, type VantageHost } from './vantage.ts'

/**
 * What one vantage sees of an endpoint for a vote: a second attempt right after a failed one, and no more. A lost packet is
 * no vote against an endpoint, and votes are collected again anyway while a decision waits for `sustain` (docs/adr/0005).
 */
export async function voteOn(monitor: Monitor, host: VantageHost, signal: AbortSignal): Promise<ProbeResult> {
  const once = { ...monitor, retries: 0 }
  const result = await runMonitor(once, host, signal)
  return result.status === 'down' && !signal.aborted ? runMonitor(once, host, signal) : result
}
