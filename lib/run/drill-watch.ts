import type { AskVantage } from '../act/ports.ts'
import type { DrillMove, DrillSight } from '../decide/drill.ts'
import { dnsLimitMs, questionLimitMs, type Served } from '../decide/probe-now.ts'
import { failoverQuorum } from '../decide/quorum.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'
import { askAll } from './collect.ts'

/** What looking at a drill needs of the world. */
export interface DrillWatchPorts {
  /** Ids of the vantages. */
  vantages: readonly string[]
  monitors: readonly Pick<Monitor, 'id' | 'timeoutMs'>[]
  ask: AskVantage
  wallClock(): number
  /** Resolves after so long and, by chance, up to as long again. */
  pause(ms: number): Promise<void>
}

/** One thing to wait for. */
export interface DrillWait {
  failover: Failover
  endpoint: Endpoint
  untilMs: number
  /** Whether there is no time left for drills: asked before each further look. */
  isOver(): Promise<boolean>
}

/** Between two looks of one vantage; the pause adds its own chance. */
const everyMs = 1500

/**
 * Asks every vantage, on its own, until all servers give it an endpoint's answer at the drill's name. Gives when each did, after
 * `sinceMs`; times are those of replies, so they are late by up to a look. A vantage that could not answer has no sights.
 */
export async function watchServed(
  { failover, endpoint, untilMs, isOver }: DrillWait,
  { move, sinceMs }: { move: DrillMove; sinceMs: number },
  { vantages, ask, wallClock, pause }: DrillWatchPorts,
): Promise<DrillSight[]> {
  const question = { ask: 'served', failover: failover.id, endpoint: endpoint.id, at: 'drill' } as const
  const watch = async (vantage: string): Promise<DrillSight[]> => {
    const firstMs = new Map<string, number>()
    let last: Served[] = []
    for (;;) {
      const servers = (await ask(vantage, question, dnsLimitMs))?.servers ?? []
      const atMs = wallClock()
      if (servers.length > 0) last = servers
      for (const { server, isAsDeclared } of servers) {
        // A server that goes back to the old answer has not changed yet: there are many behind one address.
        if (!isAsDeclared) firstMs.delete(server)
        else if (!firstMs.has(server)) firstMs.set(server, atMs - sinceMs)
      }
      const isServed = servers.length > 0 && servers.every(({ isAsDeclared }) => isAsDeclared)
      if (isServed || atMs >= untilMs || (await isOver()))
        return last.map(({ server, says }) => {
          const afterMs = firstMs.get(server)
          return { move, vantage, server, ...(afterMs === undefined ? { says } : { afterMs }) }
        })
      await pause(everyMs)
    }
  }
  return (await Promise.all(vantages.map(watch))).flat()
}

/** What is wrong with what was seen, if anything is. A vantage that is cut off fails no drill as long as most are heard. */
export function sightProblem(
  sights: readonly DrillSight[],
  { vantages }: Pick<DrillWatchPorts, 'vantages'>,
  { quorum }: Failover,
) {
  const heard = new Set(sights.map(({ vantage }) => vantage))
  const silent = vantages.filter((vantage) => !heard.has(vantage))
  if (heard.size < failoverQuorum(quorum, vantages.length).voters)
    return `too few vantages could ask the servers: nothing from ${silent.join(', ')}`
  const late = sights.filter(({ afterMs }) => afterMs === undefined)
  const [first] = late
  if (!first) return undefined
  const more = late.length > 1 ? `, and ${late.length - 1} more like it` : ''
  return `not every server shows it in time: ${first.server} says ${first.says} to ${first.vantage}${more}`
}

/** Asks every vantage until enough of them see an endpoint up by the drill's name; what is wrong where they do not in time. */
export async function watchName(
  { failover, endpoint, untilMs, isOver }: DrillWait,
  { vantages, monitors, ask, wallClock, pause }: DrillWatchPorts,
): Promise<string | undefined> {
  const question = { ask: 'name', failover: failover.id, endpoint: endpoint.id, at: 'drill' } as const
  const limitMs = questionLimitMs(question, failover, monitors)
  const { pass } = failoverQuorum(failover.quorum, vantages.length)
  for (;;) {
    const answers = await askAll({ vantages, ask }, question, limitMs)
    const up = answers.filter(([, answer]) => answer?.isUp).length
    if (up >= pass) return undefined
    if (wallClock() >= untilMs || (await isOver())) {
      const causes = answers.flatMap(([id, answer]) => (answer?.isUp ? [] : [`${id}: ${answer?.cause ?? 'no answer'}`]))
      return `expected ${endpoint.id} to be up by the drill's name for ${pass} vantages, got ${up}: ${causes.join('; ')}`
    }
    await pause(everyMs)
  }
}
