import { describe, expect, test } from 'vitest'
import { type Change, swapBatch } from '../../lib/decide/swap-batch.ts'
import { answerOf, type RecordSet, txtOf } from '../../lib/decide/swap-records.ts'
import { encodeState, type SwapState } from '../../lib/decide/swap-state.ts'
import type { ZoneRecord } from '../../lib/local/zone.ts'
import { createZoneStore } from '../../lib/local/zone-store.ts'
import type { Endpoint, Failover } from '../../lib/model/failover.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'

const failover = parseConfig({
  service: 'shop',
  monitors: [{ id: 'live', kind: 'http', url: 'http://shop.live.test/' }],
  failovers: [
    {
      ...{ id: 'live', hostedZoneId: 'Z', zone: 'live.test', record: 'shop.live.test', check: 'live' },
      endpoints: [
        { id: 'a', region: 'external', A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
        { id: 'b', region: 'external', CNAME: 'b.example.net' },
      ],
    },
  ],
}).failovers[0] as Failover
const [a, b] = failover.endpoints as [Endpoint, Endpoint]

const state = (more: Partial<SwapState> = {}): SwapState => ({
  ...{ version: 1, epoch: 1, decision: 'first', active: 'a', sinceMs: 0, switches: [] },
  ...{ flags: { locked: false, latched: false }, ...more },
})

function storeWith() {
  let served: ZoneRecord[] = []
  const zone = {
    setRecords: (records: ZoneRecord[]) => {
      served = records
    },
  }
  const store = createZoneStore(zone, [...answerOf(failover, a), txtOf(failover, encodeState(state()))])
  const listed = async () => {
    const outcome = await store.list(failover)
    return outcome.kind === 'listed' ? outcome.sets : []
  }
  return { store, listed, served: () => served.map(({ type, data }) => `${type} ${data}`) }
}

const moveToB = (listed: RecordSet[]): Change[] =>
  swapBatch(listed, answerOf(failover, b), state({ epoch: 2, decision: 'second', active: 'b' }), failover)

describe('the records of an embedded zone', () => {
  test('are served as they are, and listed with their TXT', async () => {
    const { listed, served } = storeWith()
    expect(served()).toEqual(['A 192.0.2.1', 'AAAA 2001:db8::1', expect.stringMatching(/^TXT vedette1 epoch=1 /)])
    expect((await listed()).map(({ type }) => type)).toEqual(['A', 'AAAA', 'TXT'])
  })

  test('change in one batch, from addresses to a name without a gap', async () => {
    const { store, listed, served } = storeWith()
    expect(await store.change(failover, moveToB(await listed()))).toEqual({ kind: 'written' })
    expect(served().sort()).toEqual(['CNAME b.example.net.', expect.stringMatching(/^TXT vedette1 epoch=2 /)])
  })

  test('stay as they are when anything deleted is not exactly what is there', async () => {
    const { store, listed, served } = storeWith()
    const batch = moveToB(await listed())
    store.put([{ name: 'shop.live.test', type: 'A', ttl: 60, values: ['192.0.2.66'] }])
    const before = served()
    expect(await store.change(failover, batch)).toEqual({ kind: 'refused' })
    expect(served()).toEqual(before)
  })

  test('take a batch once', async () => {
    const { store, listed } = storeWith()
    const batch = moveToB(await listed())
    await store.change(failover, batch)
    expect(await store.change(failover, batch)).toEqual({ kind: 'refused' })
  })

  test('refuse to create what is there already', async () => {
    const { store, listed } = storeWith()
    const creates = moveToB(await listed()).filter(({ action }) => action === 'CREATE')
    expect(await store.change(failover, creates)).toEqual({ kind: 'refused' })
  })
})
