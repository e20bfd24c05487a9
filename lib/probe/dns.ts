import type { DnsMonitor } from '../model/monitor.ts'
import type { DnsObserved, FailureCode, Observation } from '../model/result.ts'
import { surveyAuthoritative } from './dns-authoritative.ts'
import { judgeForMonitor } from './dns-chain.ts'
import { planServers } from './dns-servers.ts'
import { compareAnswers, compareSerials, isAbsent, questionOf, type Survey, surveyServer } from './dns-survey.ts'
import type { DnsRun, DnsServer } from './dns-transport.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'

type Run = DnsRun & { monitor: DnsMonitor }

/**
 * Asks DNS servers for a name: the first of several that replies, all of them (`agree`), or every name server of the
 * zone (`authoritative`), which are always compared. Without `agree`, other servers beside `authoritative` are not asked.
 */
export async function probeDns(
  monitor: DnsMonitor,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<Observation<DnsObserved>> {
  const run: Run = { monitor, deps, signal }
  const started = deps.now()
  try {
    const { servers, authoritativePort } = planServers(monitor, deps)
    if (authoritativePort === undefined && !monitor.agree) return conclude(await askInTurn(servers, run), monitor)
    const surveys = await Promise.all([
      authoritativePort === undefined ? [] : surveyAuthoritative(run, authoritativePort),
      ...(monitor.agree ? servers.map((server) => surveyServer(server, run)) : []),
    ])
    return conclude(surveys.flat(), monitor, true)
  } catch (error) {
    const failure =
      error instanceof ProbeFailure
        ? error
        : new ProbeFailure('INTERNAL', 'processing', (error as Error).message, error)
    return { phases: { resolve: deps.now() - started }, observed: {}, failure: failure.toFailure() }
  }
}

/** The server is silent; the next may not be. */
const silentCodes: ReadonlySet<FailureCode> = new Set(['DNS_TIMEOUT', 'CONNECT_TIMEOUT', 'TLS_TIMEOUT', 'HTTP_TIMEOUT'])

/**
 * Asks one server after the other: the next at once where one is not there, and once more after half of the monitor's
 * time where one is silent. An answer ends it, whatever its rcode.
 */
async function askInTurn(servers: DnsServer[], run: Run): Promise<Survey[]> {
  const surveys: Survey[] = []
  let wasSilent = false
  for (const [at, server] of servers.entries()) {
    const isLast = wasSilent || at === servers.length - 1
    const ask = (signal: AbortSignal) => surveyServer(server, { ...run, signal })
    const seen = isLast ? await ask(run.signal) : await withTimeLimit(run.signal, run.monitor.timeoutMs / 2, ask)
    surveys.push(seen)
    if (isLast || !seen.failure) break
    const isSilent = silentCodes.has(seen.failure.code)
    if (!isSilent && !isAbsent(seen.failure)) break
    wasSilent = isSilent
  }
  return surveys
}

async function withTimeLimit<T>(
  signal: AbortSignal,
  ms: number,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const stop = () => limit.abort()
  const timer = setTimeout(stop, ms)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await work(limit.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

function conclude(surveys: Survey[], monitor: DnsMonitor, compared = false): Observation<DnsObserved> {
  const main =
    surveys.find((seen) => seen.followed) ?? surveys.find((seen) => seen.observed.rcode !== undefined) ?? surveys[0]
  if (main === undefined) throw new ProbeFailure('DNS_NODATA', 'resolve', 'no name server of the zone has an address')
  const failure = compared ? faultOfAny(surveys) : failureOfTurns(surveys)
  const { durationMs: _, failure: __, ...top } = main.observed
  const observed = surveys.length > 1 ? { ...top, servers: surveys.map((seen) => seen.observed) } : top
  const judged = failure ?? (main.followed && judgeForMonitor(monitor, main.followed, questionOf(monitor), top.server))
  return { phases: main.phases, observed, ...(judged && { failure: judged.toFailure() }) }
}

/** Of servers asked in turn only the last counts; where nobody answered, what became of the others is told too. */
function failureOfTurns(surveys: Survey[]): ProbeFailure | undefined {
  const last = surveys.at(-1)?.failure
  if (!last || surveys.length === 1) return last
  const messages = surveys.map((seen) => seen.failure?.message)
  return new ProbeFailure(last.code, last.stage, messages.join('; then '), last)
}

/** Where all are asked, each must answer, and with the same. What cannot be told from here counts least. */
function faultOfAny(surveys: Survey[]): ProbeFailure | undefined {
  const failures = surveys.flatMap((seen) => seen.failure ?? [])
  const answered = surveys.filter((seen) => !seen.failure)
  const fault = failures.find(({ code }) => code !== 'UNSUPPORTED')
  return fault ?? compareAnswers(answered) ?? compareSerials(answered) ?? failures[0]
}
