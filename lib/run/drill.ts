import type { ControllerTable } from '../act/ports.ts'
import { type DrillMove, type DrillOutcome, type DrillStep, drillStageMs, drillTarget } from '../decide/drill.ts'
import { answerOf, drillOf, stateIn } from '../decide/swap-records.ts'
import { canonicalName } from '../model/dns-answer.ts'
import { formatDuration } from '../model/duration.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import { type DrillWait, type DrillWatchPorts, sightProblem, watchName, watchServed } from './drill-watch.ts'
import { betweenTriesMs, type DrillWritePorts, type IsOver, writeDrill } from './drill-write.ts'

/** What a drill needs of the world. */
export interface DrillPorts extends DrillWatchPorts, DrillWritePorts {
  table: Pick<ControllerTable, 'update' | 'lease' | 'release'>
  /** The real decision that drills give way to in a zone, in words that say when to try again; undefined where there is none. */
  whyBusy(zone: string): string | undefined | Promise<string | undefined>
  /** Ends a drill early: it then only cleans up. */
  stopping: AbortSignal
  /** An id that nobody had before. */
  newDecision(): string
}

/** Longer than any drill: after it, one whose process has died is in nobody's way. */
const leaseMs = 15 * 60_000
/** What is not done by then fails; it leaves time to clean up within a function's 15 minutes. */
const longestMs = 12 * 60_000
/** Between two looks at a change; the pause adds its own chance. */
const inSyncEveryMs = 2500
/** How long changes take where that cannot be asked for. */
const blindSyncMs = 60_000
/** How long the standby may take to be up by the drill's name. */
const nameMs = 60_000
/** An API that is busy, or a reply that is lost, is no reason to try again only tomorrow. */
const mostReads = 5
/** When a lost batch that would create the drill's name is looked for once more. */
const lateMs = 30_000

/**
 * Moves the drill's name, never the record, to the standby's answer and back, and measures when every server shows it to every
 * vantage. Gives way to real decisions, cleans up behind itself and behind drills that died, and remembers how it ended.
 * One at a time in a zone. Never rejects.
 */
export async function runDrill(failover: Failover, ports: DrillPorts): Promise<DrillOutcome> {
  const { table, wallClock } = ports
  const atMs = wallClock()
  const key = `drill ${canonicalName(failover.zone)}`
  const holder = ports.newDecision()
  const ended = async (drilled: DrillOutcome): Promise<DrillOutcome> => {
    const { outcome, detail } = drilled
    const kept = { lastDrill: { atMs, outcome, detail }, ...(outcome === 'passed' && { drilledAtMs: atMs }) }
    // A drill that cannot be remembered is shown all the same.
    await table.update(failover.id, kept).catch(() => {})
    return drilled
  }
  const nothing = { atMs, seen: [], steps: [] }
  try {
    if (!(await table.lease(key, holder, atMs, leaseMs)))
      return ended({
        outcome: 'yielded',
        detail: `another drill is under way in ${failover.zone}: try again in a quarter of an hour at the latest`,
        ...nothing,
      })
    // Until it has ended this is what is known of it: one whose process dies is not begun again every minute.
    await table.update(failover.id, { lastDrill: { atMs, outcome: 'failed', detail: 'it has not come to an end' } })
  } catch (error) {
    return { outcome: 'failed', detail: `the controller's table: ${(error as Error).message}`, ...nothing }
  }
  const drilled = await ended(await drill(failover, ports, atMs))
  // A lease that cannot be given back ends by itself.
  await table.release(key, holder).catch(() => {})
  return drilled
}

/** A drill as it goes on. */
interface Run {
  failover: Failover
  ports: DrillPorts
  seen: DrillOutcome['seen']
  steps: DrillOutcome['steps']
  /** The last write. */
  change: { atMs: number; changeId?: string }
  /** A lost batch may still create the drill's name. */
  inDoubt: boolean
  untilMs: number
  /** Whether it has to end: once it does, for good. */
  isOver(): Promise<boolean>
}

const controllerEnds = 'the controller is being stopped: try again when it runs'

async function drill(failover: Failover, ports: DrillPorts, atMs: number): Promise<DrillOutcome> {
  let over: string | undefined
  const run: Run = {
    ...{ failover, ports, seen: [], steps: [], change: { atMs }, inDoubt: false, untilMs: atMs + longestMs },
    isOver: async () => {
      // Vantages are watched at once, each of which asks: what one was told, the next one's answer does not take back.
      const now = ports.stopping.aborted ? controllerEnds : await ports.whyBusy(failover.zone)
      over ??= now
      return over !== undefined
    },
  }
  const ends = await endsOf(failover, ports).catch(brokenBy)
  const told = { atMs, seen: run.seen, steps: run.steps }
  if (typeof ends === 'string') return { outcome: 'failed', detail: ends, ...told }
  const problem = await course(ends, run).catch(brokenBy)
  const left = await cleanUp(run).catch(brokenBy)
  const name = drillOf(failover).record
  return {
    ...(over !== undefined
      ? { outcome: 'yielded', detail: `it gave way: ${over}` }
      : { outcome: problem || left ? 'failed' : 'passed', detail: problem ?? left ?? passed(ends, run) }),
    ...{ from: ends.from.id, to: ends.to.id, ...told },
    ...(left && { left: `${name} may still be in the zone (${left}): the next drill removes it, or do so by hand` }),
  }
}

function brokenBy(error: unknown): string {
  return `it broke: ${(error as Error).message}`
}

interface Ends {
  from: Endpoint
  to: Endpoint
}

/** The endpoints to drill with, or why there are none. */
async function endsOf(failover: Failover, { records, pause }: DrillPorts): Promise<Ends | string> {
  if (failover.switch !== 'record') return 'it moves by health checks: there is no record to drill'
  let listed = await records.list(failover)
  for (let tries = 1; tries < mostReads && (listed.kind === 'throttled' || listed.kind === 'unknown'); tries++) {
    await pause(betweenTriesMs)
    listed = await records.list(failover)
  }
  if (listed.kind !== 'listed') return `${failover.record} could not be read (${listed.kind})`
  const found = stateIn(listed.sets, failover)
  if (typeof found === 'string') return `the TXT is ${found}: run \`vedette failover adopt\` first`
  const from = failover.endpoints.find(({ id }) => id === found.state.active)
  const to = from && drillTarget(failover, from.id)
  return to ? { from, to } : `expected the active endpoint to be one of the config's, got ${found.state.active}`
}

/** Everything but the cleaning up; gives what went wrong. */
async function course({ from, to }: Ends, run: Run): Promise<string | undefined> {
  const { ports } = run
  const steps: [DrillStep, () => Promise<string | undefined>][] = [
    ['clean', () => write(undefined, run, run.isOver)],
    ['create', () => write(from, run, run.isOver)],
    ['settle', () => settle(from, run)],
    ['move', () => write(to, run, run.isOver)],
    ['served', () => served('there', to, run)],
    ['name', () => watchName(waitFor(to, nameMs, run), ports)],
    ['move back', () => write(from, run, run.isOver)],
    ['served back', () => served('back', from, run)],
  ]
  for (const [step, work] of steps) {
    if (await run.isOver()) return undefined
    const problem = await timed(step, work, run)
    if (problem) return `${step}: ${problem}`
  }
  return undefined
}

async function timed<T>(step: DrillStep, work: () => Promise<T>, { steps, ports }: Run): Promise<T> {
  const beganMs = ports.wallClock()
  try {
    return await work()
  } finally {
    steps.push({ step, tookMs: ports.wallClock() - beganMs })
  }
}

/** Makes the drill's name answer as an endpoint does, or not at all. */
async function write(endpoint: Endpoint | undefined, run: Run, isOver?: IsOver): Promise<string | undefined> {
  const { failover, ports } = run
  const written = await writeDrill(failover, endpoint ? answerOf(drillOf(failover), endpoint) : [], ports, isOver)
  run.inDoubt ||= written.inDoubt
  if (written.kind === 'gaveUp') return written.why
  run.change = written
  return undefined
}

/**
 * Waits until the new name is everywhere. Servers are asked only when Route 53 has told all of its own: resolvers that are asked
 * too early remember for many minutes that there is no such name (RFC 2308 §5).
 */
async function settle(from: Endpoint, run: Run): Promise<string | undefined> {
  const { records, wallClock, pause } = run.ports
  const { atMs, changeId } = run.change
  const { untilMs, isOver } = waitFor(from, drillStageMs(run.failover), run)
  if (changeId !== undefined && records.isInSync) {
    while (!(await records.isInSync(changeId))) {
      if (wallClock() >= untilMs) return `Route 53 has not said that change ${changeId} is in sync`
      if (await isOver()) return undefined
      await pause(inSyncEveryMs)
    }
  } else if (records.isInSync) {
    while (wallClock() < atMs + blindSyncMs && !(await isOver())) await pause(inSyncEveryMs)
  }
  const sights = await watchServed(
    waitFor(from, drillStageMs(run.failover), run),
    { move: 'there', sinceMs: atMs },
    run.ports,
  )
  return sightProblem(sights, run.ports, run.failover)
}

/** Measures when a move is seen. */
async function served(move: DrillMove, endpoint: Endpoint, run: Run): Promise<string | undefined> {
  const { failover, ports, change } = run
  const wait = waitFor(endpoint, drillStageMs(failover), run)
  const sights = await watchServed(wait, { move, sinceMs: change.atMs }, ports)
  run.seen.push(...sights)
  return sightProblem(sights, ports, failover)
}

function waitFor(endpoint: Endpoint, ms: number, { failover, ports, untilMs, isOver }: Run): DrillWait {
  return { failover, endpoint, untilMs: Math.min(untilMs, ports.wallClock() + ms), isOver }
}

/** Removes the drill's name, whatever has become of the drill; gives why it may still be there. */
async function cleanUp(run: Run): Promise<string | undefined> {
  const problem = await timed('delete', () => write(undefined, run), run)
  if (problem || !run.inDoubt) return problem
  await run.ports.pause(lateMs)
  return write(undefined, run)
}

function passed({ from, to }: Ends, { seen }: Run): string {
  const longest = (move: DrillMove) => {
    const ms = Math.max(0, ...seen.filter((one) => one.move === move).map(({ afterMs = 0 }) => afterMs))
    return formatDuration(ms < 1000 ? Math.round(ms) : Math.round(ms / 100) * 100)
  }
  return `${to.id} was seen everywhere within ${longest('there')}, and ${from.id} again within ${longest('back')}`
}
