import { describe, expect, test, vi } from 'vitest'
import type { ControllerTable } from '../../lib/act/ports.ts'
import type { FailoverAsset } from '../../lib/decide/failover-asset.ts'
import type { Datum } from '../../lib/decide/votes.ts'
import { openControllerTable } from '../../lib/local/controller-table.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import { noticeOf } from '../../lib/run/failover-notice.ts'
import { createTeller, type FailoverMessage } from '../../lib/run/failover-teller.ts'
import { failoverOf } from '../support/failover-fixture.ts'

const minuteMs = 60_000
const noon = Date.UTC(2026, 10, 21, 12)
const outcome = { kind: 'moved', epoch: 7, largestEpoch: 7, inDoubt: false, claimLeft: false } as const
const at = (atMs: number) => ({ failover: 'live', atMs })
const page = (code: 'DENIED' | 'IN_DOUBT', atMs = noon): FailoverEvent => {
  return { ...at(atMs), type: 'page', pages: [{ code, detail: `what ${code} means` }] }
}

interface Setup {
  table?: Partial<ControllerTable>
  tell?(message: FailoverMessage): Promise<void>
  how?: 'record' | 'health-check'
}

function setup({ table, tell, how = 'record' }: Setup = {}) {
  const told: { topic: string; message: FailoverMessage }[] = []
  const logged: [string, string][] = []
  const datums: Datum[] = []
  const asset = {
    ...{ service: 'shop', region: 'eu-central-1', failovers: [failoverOf({ switch: how })] },
  } as FailoverAsset
  const memory = openControllerTable(':memory:')
  const teller = createTeller(asset, {
    table: { ...memory, ...table },
    publish: async (some) => {
      datums.push(...some)
      return []
    },
    tell: async ({ topic }, message) => {
      await tell?.(message)
      told.push({ topic, message })
    },
    log: (level, event) => void logged.push([level, event]),
    wallClock: () => noon,
  })
  const take = async (...events: FailoverEvent[]) => {
    for (const event of events) teller.take(event)
    await teller.settled()
  }
  const retry = async () => {
    teller.retry()
    await teller.settled()
  }
  return { take, retry, told, logged, datums, memory }
}
const summaries = (told: ReturnType<typeof setup>['told']) => told.map(({ message }) => message.summary)

describe('people are told', () => {
  test('of a move at once, with all that the event has, and its duration is measured', async () => {
    const { take, told, datums } = setup()
    const event: FailoverEvent = { ...at(noon), type: 'swapped', to: 'two', outcome, tookMs: 140, by: 'auto' }
    await take(event)
    expect(told).toEqual([
      {
        topic: 'page',
        message: { vedette: 1, summary: 'live: moved to two', service: 'shop', region: 'eu-central-1', event },
      },
    ])
    expect(datums).toMatchObject([{ metric: 'FailoverPhase', dimensions: { Phase: 'change' }, values: [140] }])
  })

  test.each<['auto' | 'person', object, string[]]>([
    ['auto', { kind: 'refused', reason: 'STALE', detail: 'too old' }, ['live: did not move to two: too old']],
    ['auto', { kind: 'refused', reason: 'LOCKED', detail: 'locked' }, ['live: did not move to two: locked']],
    ['person', { kind: 'refused', reason: 'STALE', detail: 'too old' }, []],
    ['auto', { kind: 'refused', reason: 'DENIED', detail: 'which has a page of its own' }, []],
    ['auto', { kind: 'superseded', reason: 'OTHER_STATE', by: { epoch: 9, decision: 'theirs' } }, []],
  ])('of a move decided by %s that was not made, where nobody else says so: %j', async (by, ending, expected) => {
    const { take, told } = setup()
    await take({ ...at(noon), type: 'swapped', to: 'two', outcome: { ...outcome, ...ending } as never, tookMs: 1, by })
    expect(summaries(told)).toEqual(expected)
  })

  test('the same once in half an hour, also where it alternates with something else', async () => {
    const { take, told } = setup()
    for (let minute = 0; minute < 30; minute++)
      await take(page('DENIED', noon + minute * minuteMs), page('IN_DOUBT', noon + minute * minuteMs))
    expect(summaries(told)).toEqual(['live: DENIED: what DENIED means', 'live: IN_DOUBT: what IN_DOUBT means'])
    await take(page('DENIED', noon + 31 * minuteMs))
    expect(told).toHaveLength(3)
  })

  test('of each move, and of each that is not seen to be served, however soon after the one before', async () => {
    const { take, told } = setup()
    for (const epoch of [7, 8]) {
      await take({
        ...{ ...at(noon + epoch), type: 'swapped', to: 'two', tookMs: 1, by: 'auto' },
        outcome: { ...outcome, epoch },
      })
      await take({
        ...at(noon + epoch),
        type: 'verified',
        to: 'two',
        movedAtMs: noon + epoch,
        problem: 'ns1 is silent',
      })
    }
    const [moved, unverified] = ['live: moved to two', 'live: the move to two is not verified: ns1 is silent']
    expect(summaries(told)).toEqual([moved, unverified, moved, unverified])
  })

  test('once where two events come at once', async () => {
    const { take, told } = setup()
    await take(page('DENIED'), page('DENIED'))
    expect(told).toHaveLength(1)
  })

  test('once by two processes that share a table', async () => {
    const table = openControllerTable(':memory:')
    const [first, second] = [setup({ table }), setup({ table })]
    await first.take(page('DENIED'))
    await second.take(page('DENIED'))
    expect([first.told.length, second.told.length]).toEqual([1, 0])
  })

  test('once also where the table cannot be read or written', async () => {
    const broken = () => Promise.reject(new Error('gone'))
    const { take, told } = setup({ table: { read: broken, update: broken } })
    await take(page('DENIED'), page('DENIED', noon + minuteMs))
    await take(page('DENIED', noon + 2 * minuteMs))
    expect(told).toHaveLength(1)
  })

  test('again where it was not taken, which is logged', async () => {
    let fails = 1
    const tell = async () => {
      if (fails-- > 0) throw new Error('SNS is busy')
    }
    const { take, told, logged } = setup({ tell })
    await take(page('DENIED'))
    expect(logged).toContainEqual(['error', 'failover.untold'])
    await take(page('DENIED', noon + minuteMs))
    expect(told).toHaveLength(1)
  })

  test('at the next call where it was not taken and does not come again', async () => {
    let fails = 1
    const tell = async () => {
      if (fails-- > 0) throw new Error('SNS is busy')
    }
    const { take, retry, told } = setup({ tell })
    await take(page('IN_DOUBT'))
    expect(told).toHaveLength(0)
    await retry()
    await retry()
    expect(told).toHaveLength(1)
  })

  test('and what is remembered of that does not grow', async () => {
    const { take, memory } = setup()
    for (let i = 0; i < 100; i++) await take({ ...at(noon), type: 'failed', message: `${i} ${'x'.repeat(10_000)}` })
    const kept = JSON.stringify(await memory.read('live'))
    expect(kept.length).toBeLessThan(40_000)
  })
})

test('what nobody took is kept to be told, the newest of it alone', async () => {
  let isDown = true
  const tell = async () => {
    if (isDown) throw new Error('SNS is away')
  }
  const { take, retry, told } = setup({ tell })
  for (let i = 0; i < 50; i++) await take({ ...at(noon), type: 'failed', message: `${i}` })
  isDown = false
  await retry()
  expect([told.length, summaries(told).at(-1)]).toEqual([20, 'live: a decision broke: 49'])
})

test('what is repeated is told again after half an hour to the minute', async () => {
  const { take, told } = setup()
  for (const minutes of [0, 29.99, 30]) await take(page('DENIED', noon + minutes * minuteMs))
  expect(told.map(({ message }) => message.event.atMs - noon)).toEqual([0, 30 * minuteMs])
})

test('each phase of a move is measured as itself', async () => {
  const { take, datums } = setup()
  const seen = { movedAtMs: noon, inSyncMs: 1, servedMs: 2, answeredMs: 3 }
  await take({ ...at(noon), type: 'verified', to: 'two', ...seen })
  expect(datums.map(({ dimensions, values }) => [dimensions.Phase, ...values])).toEqual([
    ['insync', 1],
    ['served', 2],
    ['answered', 3],
  ])
})

test('health checks are not told of a move that was decided and not made', async () => {
  const { take, datums } = setup({ how: 'health-check' })
  for (const ending of [
    { kind: 'refused', reason: 'LOCKED', detail: 'locked' },
    { kind: 'gaveUp', reason: 'READS' },
    { kind: 'superseded', reason: 'OTHER_STATE', by: { epoch: 9, decision: 'theirs' } },
  ])
    await take({
      ...{ ...at(noon), type: 'swapped', to: 'two', tookMs: 3, by: 'auto' },
      outcome: { ...outcome, ...ending } as never,
    })
  expect(datums).toEqual([])
})

test('health checks hear of a move without waiting for the next minute', async () => {
  const { take, datums } = setup({ how: 'health-check' })
  await take({ ...at(noon), type: 'swapped', to: 'two', outcome, tookMs: 3, by: 'auto' })
  expect(datums).toContainEqual(expect.objectContaining({ metric: 'ServePrimary', values: [0] }))
})

describe('an event', () => {
  const decided = (decision: object): FailoverEvent => {
    return { ...at(noon), type: 'decided', trigger: 'tick', decision: decision as never }
  }
  const reasons = [{ code: 'txt-unreadable' }]
  test.each<[string, FailoverEvent, string | undefined, RegExp?]>([
    ['of a decision to stay', decided({ kind: 'stay', page: false, reasons }), undefined],
    [
      'of a refusal that pages',
      decided({ kind: 'refuse', code: 'txt-unreadable', page: true, reasons }),
      'page',
      /refused to move\. The TXT record/,
    ],
    [
      "of a refusal of a person's request",
      decided({ kind: 'refuse', code: 'locked', page: false, reasons }),
      undefined,
    ],
    ['of a question', decided({ kind: 'ask', to: 'two', page: false, reasons }), 'page', /asks to move to two/],
    ['of what a dry run would do', decided({ kind: 'report', mode: 'dry-run', page: false, reasons }), undefined],
    [
      "of a person's move",
      { ...at(noon), type: 'swapped', to: 'two', outcome, tookMs: 1, by: 'person' },
      'ticket',
      /moved to two/,
    ],
    [
      'of a move that another made first',
      { ...at(noon), type: 'swapped', to: 'two', outcome: { ...outcome, kind: 'alreadyDone' }, tookMs: 1, by: 'auto' },
      undefined,
    ],
    [
      'of a move that is served',
      { ...at(noon), type: 'verified', to: 'two', movedAtMs: noon, servedMs: 5 },
      'ticket',
      /served everywhere/,
    ],
    [
      'of one that is not',
      { ...at(noon), type: 'verified', to: 'two', movedAtMs: noon, problem: 'ns2 says no' },
      'page',
      /not verified: ns2 says no/,
    ],
    [
      'of a drill that gave way',
      { ...at(noon), type: 'drill', outcome: 'yielded', detail: 'busy', seen: [], steps: [] },
      undefined,
    ],
    [
      'of a drill that failed',
      { ...at(noon), type: 'drill', outcome: 'failed', detail: 'ns2', seen: [], steps: [] },
      'ticket',
      /drill failed: ns2/,
    ],
    [
      'of readiness lost',
      {
        ...at(noon),
        type: 'readiness',
        problems: [
          { code: 'EDITED', detail: 'edited' },
          { code: 'LOCKED', detail: 'locked' },
        ],
      },
      'ticket',
      /not ready: edited \(and 1 more\)/,
    ],
    ['of readiness found again', { ...at(noon), type: 'readiness', problems: [] }, 'ticket', /ready again/],
    [
      'of a fault of ours',
      { ...at(noon), type: 'failed', message: 'TypeError' },
      'ticket',
      /a decision broke: TypeError/,
    ],
  ])('%s', (_, event, topic, summary = /^/) => {
    const notice = noticeOf(event)
    expect(notice?.topic).toBe(topic)
    if (notice) expect(notice.summary).toMatch(summary)
  })

  test('is told as another where it is another, and as the same where it is the same', () => {
    const key = (event: FailoverEvent) => noticeOf(event)?.key
    expect(key(page('DENIED'))).not.toBe(key(page('IN_DOUBT')))
    expect(key(page('DENIED', noon))).toBe(key(page('DENIED', noon + 5)))
    const verified = (movedAtMs: number) => key({ ...at(noon), type: 'verified', to: 'two', movedAtMs })
    expect(verified(noon)).not.toBe(verified(noon - 60_000))
    expect(verified(noon)).toBe(verified(noon))
    const down = (endpoint: string): FailoverEvent => {
      const problems = [{ code: 'STANDBY_DOWN', endpoint, detail: 'down' } as const]
      return { ...at(noon), type: 'readiness', problems }
    }
    expect(key(down('two'))).not.toBe(key(down('three')))
    expect(key(down('two'))).toBe(key(down('two')))
  })
})

test('a metric that cannot be published keeps nobody from being told', async () => {
  const told = vi.fn(async () => {})
  const asset = { service: 'shop', region: 'r', failovers: [failoverOf()] } as unknown as FailoverAsset
  const teller = createTeller(asset, {
    ...{ table: openControllerTable(':memory:'), tell: told, log: () => {}, wallClock: () => noon },
    publish: () => Promise.reject(new Error('broken')),
  })
  teller.take({ ...at(noon), type: 'swapped', to: 'two', outcome, tookMs: 1, by: 'auto' })
  await teller.settled()
  expect(told).toHaveBeenCalledOnce()
})
