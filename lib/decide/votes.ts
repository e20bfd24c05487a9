import type { Monitor } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'
import { watchesCertificate } from './probe-asset.ts'

/** One value, or several of the same minute, for CloudWatch. */
export interface Datum {
  metric:
    | 'Down'
    | 'Heartbeat'
    | 'CertificateDaysRemaining'
    | 'Duration'
    // Those of controllers: lib/decide/failover-metrics.ts.
    | 'NotReady'
    | 'ActiveEndpoint'
    | 'ServePrimary'
    | 'FailoverPhase'
  dimensions: Record<string, string>
  /** The minute that it counts for. */
  atMs: number
  values: number[]
  unit: 'Count' | 'None' | 'Milliseconds'
  /** For the home controller only: what is no vote is not worth its price twice. */
  homeOnly: boolean
}

/** What one vantage saw of a monitor within a minute, in order. */
export interface Run {
  monitor: Monitor
  results: ProbeResult[]
}

/** PutMetricData takes no more (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html). */
export const datumsPerCall = 1000

/** PutMetricData takes no more values in one datum (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html). */
const mostValues = 150

/**
 * The metrics of one vantage and minute. Each monitor votes at most once: with the last result that was a vote. No vote
 * publishes nothing, and a vantage that got none at all gives no sign of life.
 */
export function datumsOf(vantage: string, runs: readonly Run[], atMs: number): Datum[] {
  const days = runs.flatMap(({ monitor, results }) => (watchesCertificate(monitor) ? daysRemaining(results) : []))
  const datums = runs.flatMap((run) => monitorDatums(vantage, run, atMs))
  if (runs.some(({ results }) => results.some(canSee))) datums.push(heartbeat(vantage, atMs))
  if (days.length > 0) datums.push(datum('CertificateDaysRemaining', {}, atMs, [Math.min(...days)]))
  return datums
}

function monitorDatums(vantage: string, { monitor, results }: Run, atMs: number): Datum[] {
  const votes = results.filter(({ status }) => status !== 'unknown')
  const last = votes.at(-1)
  if (!last) return []
  const Monitor = monitor.id
  const down = [last.status === 'down' ? 1 : 0]
  const durations = monitor.metrics.duration ? answered(votes) : []
  const datums = [datum('Down', { Monitor }, atMs, down)]
  if (monitor.metrics.perVantage) datums.push(datum('Down', { Monitor, Vantage: vantage }, atMs, down, true))
  if (durations.length > 0) {
    datums.push(datum('Duration', { Monitor }, atMs, durations, true))
    if (monitor.metrics.perVantage) datums.push(datum('Duration', { Monitor, Vantage: vantage }, atMs, durations, true))
  }
  return datums
}

/** How long the target took, where it answered: a time-out says nothing of its speed. */
function answered(votes: readonly ProbeResult[]): number[] {
  return votes
    .filter(({ status }) => status !== 'down')
    .map(({ durationMs }) => durationMs)
    .slice(-mostValues)
}

/** Whether a vantage could see at all: cut off, or unable to read a secret, it is blind. */
function canSee({ failure }: ProbeResult): boolean {
  return failure?.code !== 'SELF' && failure?.code !== 'INTERNAL'
}

function daysRemaining(results: readonly ProbeResult[]): number[] {
  const { observed } = results.at(-1) ?? {}
  const days = observed && 'certificate' in observed ? observed.certificate?.daysRemaining : undefined
  return days === undefined ? [] : [days]
}

function heartbeat(vantage: string, atMs: number): Datum {
  return datum('Heartbeat', { Vantage: vantage }, atMs, [1])
}

function datum(
  metric: Datum['metric'],
  dimensions: Datum['dimensions'],
  atMs: number,
  values: number[],
  homeOnly = false,
): Datum {
  const unit = metric === 'Duration' ? 'Milliseconds' : metric === 'CertificateDaysRemaining' ? 'None' : 'Count'
  return { metric, dimensions, atMs, values, unit, homeOnly }
}
