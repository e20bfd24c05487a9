import { vi } from 'vitest'
import type { AskVantage, ControllerTable, PublishedVotes, RecordStore } from '../../lib/act/ports.ts'
import type { FailoverAsset } from '../../lib/decide/failover-asset.ts'
import type { AnswerTo, Question } from '../../lib/decide/probe-now.ts'
import type { EndpointVote } from '../../lib/decide/quorum.ts'
import type { Change } from '../../lib/decide/swap-batch.ts'
import { answerIn, answerOf, drillOf, matchesAnswer, stateIn, txtIn } from '../../lib/decide/swap-records.ts'
import type { Datum } from '../../lib/decide/votes.ts'
import { openControllerTable } from '../../lib/local/controller-table.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { createFailoverFunction, type FailoverFunctionHost } from '../../lib/run/failover-function.ts'
import type { FailoverMessage } from '../../lib/run/failover-teller.ts'
import { pause } from '../../lib/run/pause.ts'
import { recordsOf } from './failover-fixture.ts'

const regionVantages = ['north', 'south', 'west']

/** What every vantage sees of an endpoint, by failover and endpoint; up where nothing is said. */
export type Votes = Record<string, Record<string, EndpointVote | undefined>>

/** Controllers in several regions over one zone, each with a table of its own, in virtual time. */
export function regionsOf(
  failovers: Failover[],
  changes: { maxConcurrent?: number; records?: Partial<RecordStore> } = {},
) {
  const votes: Votes = {}
  const silent = new Set<string>()
  /** Questions that nobody answers. */
  const unheard = new Set<Question['ask']>()
  const asked: { vantage: string; question: Question }[] = []
  const own = failovers.filter((failover) => failover.switch === 'record')
  const zone = createZoneStore({ setRecords: () => {} }, own.flatMap(recordsOf))
  const batches: (readonly Change[])[] = []
  const records: RecordStore = {
    list: zone.list,
    change: (failover, batch) => {
      batches.push(batch)
      return zone.change(failover, batch)
    },
    ...changes.records,
  }
  const sets = () => zone.sets()
  const answer = (vantage: string, question: Question): AnswerTo<Question> | undefined => {
    const one = 'failover' in question ? failovers.find(({ id }) => id === question.failover) : undefined
    switch (question.ask) {
      case 'votes':
        return {
          ballot: Object.fromEntries((one?.endpoints ?? []).map(({ id }) => [id, votes[one?.id ?? '']?.[id] ?? 'up'])),
          causes: {},
        }
      case 'state':
        return {
          failovers: Object.fromEntries(
            question.failovers.map((id) => {
              const failover = failovers.find((some) => some.id === id) as Failover
              const text = txtIn(sets(), failover)[0]?.values?.[0]?.slice(1, -1)
              const found = stateIn(sets(), failover)
              const endpoint = failover.endpoints.find(
                (one) => typeof found !== 'string' && one.id === found.state.active,
              )
              const isEdited = endpoint && !matchesAnswer(answerIn(sets(), failover), answerOf(failover, endpoint))
              const differs = question.isWhole && isEdited && { differs: 'A 192.0.2.99' }
              return [id, text === undefined ? { problem: 'NXDOMAIN' } : { text, ...differs }]
            }),
          ),
        }
      case 'served': {
        const endpoint = one?.endpoints.find(({ id }) => id === question.endpoint)
        const at = one && (question.at === 'drill' ? drillOf(one) : one)
        const isAsDeclared = at && endpoint ? matchesAnswer(answerIn(sets(), at), answerOf(at, endpoint)) : false
        return { servers: [{ server: 'ns1', isAsDeclared, says: vantage }] }
      }
      case 'name':
        return { isUp: (votes[question.failover]?.[question.endpoint] ?? 'up') === 'up' }
      case 'delegation':
        return { nameServers: ['ns1'] }
    }
  }
  const ask: AskVantage = async (vantage, question) => {
    asked.push({ vantage, question })
    if (silent.has(vantage) || unheard.has(question.ask)) return undefined
    return answer(vantage, question) as never
  }

  const region = (rank: number, more: Partial<FailoverFunctionHost> & { table?: ControllerTable } = {}) => {
    const name = rank === 0 ? 'home' : `standby-${rank}`
    const table = more.table ?? openControllerTable(':memory:')
    const told: { topic: string; message: FailoverMessage }[] = []
    const datums: Datum[] = []
    const open = new Set<string>()
    const hooks: string[] = []
    const published: PublishedVotes = { alarmsOpen: async () => open, votes: async () => new Map() }
    const asset: FailoverAsset = {
      ...{ service: 'shop', namespace: 'Vedette', region: name, rank, failovers, table: 't' },
      maxConcurrent: changes.maxConcurrent ?? 2,
      vantages: regionVantages.map((id) => ({ id, region: id, functionName: id })),
      monitors: failovers.flatMap(({ check, endpoints }) =>
        endpoints.map(({ id }) => ({
          id: `${check}@${id}`,
          everyMs: 60_000,
          timeoutMs: 1000,
          alarm: `${check}@${id}-down`,
        })),
      ),
    }
    const run = createFailoverFunction(asset, {
      ...{ ask, records, table, published, log: () => {}, wallClock: () => Date.now(), pause },
      publish: async (some) => {
        datums.push(...some)
        return []
      },
      hook: async (_, { name: hook, key }) => {
        hooks.push(`${hook} ${key}`)
        return { kind: 'hookOk' }
      },
      tell: async ({ topic }, message) => void told.push({ topic, message }),
      ...more,
    })
    return { run, table, told, datums, open, hooks, summaries: () => told.map(({ message }) => message.summary) }
  }
  const active = (id: string) => {
    const found = stateIn(sets(), failovers.find((one) => one.id === id) as Failover)
    return typeof found === 'string' ? found : found.state.active
  }
  return { region, votes, silent, unheard, asked, zone, batches, active }
}

/** Lets time pass until it is done. */
export async function settle<T>(work: Promise<T>): Promise<T> {
  const [result] = await Promise.all([work, vi.runAllTimersAsync()])
  return result
}
