import { judgeAssertions } from '../decide/assertions.ts'
import { type Monitor, retryWaitMs } from '../model/monitor.ts'
import { type Failure, noVoteCodes, type Observation, type ProbeResult } from '../model/result.ts'
import type { ProbeDeps } from '../probe/probe.ts'
import type { probe } from '../probe/probes.ts'
import { pause } from './pause.ts'
import { publish } from './publish.ts'
import { type Opened, openSecrets, type SecretSource } from './secrets.ts'

/** The place that monitors are run from, and what it lends them. */
export interface VantageHost {
  /** The id that results carry. */
  vantage: string
  deps: ProbeDeps
  probe: typeof probe
  secret: SecretSource
  /** Whether this place itself is connected; asked only when a monitor is down. */
  isConnected(): Promise<boolean>
}

/** A probe that has not ended so long after its deadline is left behind: it is our fault, not the target's. */
const graceMs = 250
/** A deadline's timer that comes so much too late tells of a process without CPU, not of a slow target. */
const stalledMs = 100

/**
 * Runs a monitor once: secrets, attempts with their deadlines, assertions. Never rejects.
 * `signal` ends it early (a process that stops); what it then gives is of no use.
 */
export async function runMonitor(monitor: Monitor, host: VantageHost, signal?: AbortSignal): Promise<ProbeResult> {
  let opened: Opened
  try {
    opened = await openSecrets(monitor, host.secret)
  } catch (error) {
    const failure: Failure = { code: 'INTERNAL', stage: 'request', message: (error as Error).message }
    const timing = { startedAt: new Date(host.deps.wallClock()).toISOString(), durationMs: 0, attempts: 0 }
    return resultOf(monitor, host, { status: 'unknown', failure }, timing, { phases: {}, observed: {} })
  }
  let result = await attempt(opened.monitor, host, 1, signal)
  if (isRefused(result)) {
    const rotated = await openRotated(monitor, opened, host.secret)
    if (rotated) {
      opened = rotated
      result = await attempt(opened.monitor, host, 1, signal)
    }
  }
  for (let attempts = 2; result.status === 'down' && attempts <= monitor.retries + 1; attempts++) {
    await pause(retryWaitMs, signal)
    if (signal?.aborted) break
    result = await attempt(opened.monitor, host, attempts, signal)
  }
  const checked = result.status === 'down' ? await withSelfCheck(result, host) : result
  return publish(checked, opened.secrets)
}

/** Whether a peer did not accept who we are: the secret that it was shown may have been rotated. */
function isRefused({ status, observed }: ProbeResult): boolean {
  return status === 'down' && 'statusCode' in observed && (observed.statusCode === 401 || observed.statusCode === 403)
}

/** The monitor with secrets read again, if that gives others than before. */
async function openRotated(monitor: Monitor, before: Opened, source: SecretSource): Promise<Opened | undefined> {
  if (before.secrets.length === 0) return undefined
  try {
    const opened = await openSecrets(monitor, (ref) => source(ref, { isStale: true }))
    return JSON.stringify(opened.monitor) === JSON.stringify(before.monitor) ? undefined : opened
  } catch {
    // What was read before is still the best that is known.
    return undefined
  }
}

/** A place that is cut off has no vote: what it saw says nothing of the target. */
async function withSelfCheck(result: ProbeResult, host: VantageHost): Promise<ProbeResult> {
  if (await host.isConnected()) return result
  const seen = result.failure ? ` (what it saw: ${result.failure.code}, ${result.failure.message})` : ''
  const message = `no self-check target answered from ${host.vantage}, so this result is no vote${seen}`
  return { ...result, status: 'unknown', failure: { code: 'SELF', stage: 'connect', message } }
}

async function attempt(
  monitor: Monitor<string>,
  host: VantageHost,
  attempts: number,
  signal: AbortSignal | undefined,
): Promise<ProbeResult> {
  const startedAt = new Date(host.deps.wallClock()).toISOString()
  const started = host.deps.now()
  const observation = await observe(monitor, host, signal)
  const durationMs = round(host.deps.now() - started)
  const judgement = safely(() => judge(monitor, observation, durationMs))
  return resultOf(monitor, host, judgement, { startedAt, durationMs, attempts }, observation)
}

function resultOf(
  monitor: Monitor<unknown>,
  host: VantageHost,
  { status, ...why }: Judgement,
  timing: Pick<ProbeResult, 'startedAt' | 'durationMs' | 'attempts'>,
  { phases, observed }: Pick<Observation, 'phases' | 'observed'>,
): ProbeResult {
  const { id, kind } = monitor
  return { monitor: id, kind, vantage: host.vantage, status, ...timing, phases: rounded(phases), ...why, observed }
}

/** One attempt under its deadline; time in which this process stood still is given back once. A probe that throws or outlives its deadline is an INTERNAL failure. */
async function observe(
  monitor: Monitor<string>,
  host: VantageHost,
  signal: AbortSignal | undefined,
): Promise<Observation> {
  const deadline = new AbortController()
  const onAbort = () => deadline.abort()
  const due = host.deps.now() + monitor.timeoutMs
  const onDeadline = () => {
    const lateMs = host.deps.now() - due
    if (lateMs < stalledMs) onAbort()
    else timer = setTimeout(onAbort, Math.min(lateMs, monitor.timeoutMs))
  }
  let timer = setTimeout(onDeadline, monitor.timeoutMs)
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  let giveUp: NodeJS.Timeout | undefined
  const hung = new Promise<Observation>((resolve) => {
    deadline.signal.addEventListener('abort', () => {
      giveUp = setTimeout(() => resolve(internal('the probe did not end at its deadline')), graceMs)
    })
  })
  try {
    return await Promise.race([host.probe(monitor, host.deps, deadline.signal), hung])
  } catch (error) {
    return internal(`the probe broke: ${(error as Error).message}`)
  } finally {
    clearTimeout(timer)
    clearTimeout(giveUp)
    signal?.removeEventListener('abort', onAbort)
  }
}

function internal(message: string): Observation {
  return { phases: {}, observed: {}, failure: { code: 'INTERNAL', stage: 'request', message } }
}

/** Whatever a peer has sent, a judgement that breaks costs its own monitor a result and no other anything. */
function safely(judgement: () => Judgement): Judgement {
  try {
    return judgement()
  } catch (error) {
    const message = `the assertions could not be judged: ${(error as Error).message}`
    return { status: 'unknown', failure: { code: 'INTERNAL', stage: 'assert', message } }
  }
}

type Judgement = Pick<ProbeResult, 'status' | 'failure' | 'failedAssertions'>

function judge(monitor: Monitor<string>, observation: Observation, durationMs: number): Judgement {
  const { failure } = observation
  if (failure && noVoteCodes.has(failure.code)) return { status: 'unknown', failure }
  if (!monitor.invert) return judgeUpright(monitor, observation, durationMs)
  const { status } = judgeUpright(monitor, observation, durationMs)
  if (status === 'down') return { status: 'up' }
  const message = 'expected a failure, as "invert" is set, got none'
  return { status: 'down', failure: { code: 'ASSERTION', stage: 'assert', message } }
}

function judgeUpright(monitor: Monitor<string>, observation: Observation, durationMs: number): Judgement {
  if (observation.failure) return { status: 'down', failure: observation.failure }
  const { status, failed, failure } = judgeAssertions(monitor, observation, durationMs)
  return { status, ...(failure && { failure }), ...(failed.length > 0 && { failedAssertions: failed }) }
}

function rounded(phases: Observation['phases']): Observation['phases'] {
  return Object.fromEntries(Object.entries(phases).map(([phase, ms]) => [phase, round(ms)]))
}

/** Microseconds are all that is meant. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
