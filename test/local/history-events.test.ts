import { describe, expect, it } from 'vitest'
import { HistoryReader } from '../../lib/local/history-reader.ts'
import { openForWriting } from '../../lib/local/history-schema.ts'
import { rollupDays } from '../../lib/local/history-upkeep.ts'
import { base, counts, dayMs, history, minuteMs, minutes } from '../support/history.ts'

const event = (atMs: number, kind: string, detail: unknown = {}) => ({ atMs, kind, detail })

describe('events', () => {
  it('are kept by time and kind, and given back as they were', () => {
    const { store, reader } = history()
    const moved = event(base + 2, 'failover', { type: 'swapped', to: 'euw1', list: [1, { deep: 'ü' }] })
    store.append({ results: [], transitions: [], events: [event(base + 3, 'change', { text: 'v2' }), moved] })
    expect(reader.events(base, base + 10)).toEqual([moved, event(base + 3, 'change', { text: 'v2' })])
    expect(reader.events(base, base + 10, { kinds: ['failover'] })).toEqual([moved])
    expect(reader.events(base + 3, base + 10, { kinds: ['failover', 'notice'] })).toEqual([])
    expect(reader.events(base, base + 10, { limit: 1 })).toEqual([event(base + 3, 'change', { text: 'v2' })])
  })

  it('that cannot be kept are refused alone', () => {
    const { store, reader } = history()
    const refused = store.append({
      ...{ results: minutes('api', base, 1), transitions: [] },
      events: [event(base, 'change', { text: 'x'.repeat(30_000) }), event(base, 'change', { text: 'short' })],
    })
    expect(refused.map(({ message }) => message)).toEqual([
      'expected an event of at most 20000 characters, got 30011 of kind change',
    ])
    expect(reader.events(base, base + 1)).toHaveLength(1)
    expect(reader.uptime('api', base, base + dayMs).up).toBe(1)
  })

  it('go after as long as changes of state do', () => {
    const { db, store, settle } = history()
    store.append({ results: [], transitions: [], events: [event(base, 'change'), event(base + 20 * dayMs, 'change')] })
    settle(base + (rollupDays + 10) * dayMs)
    expect(counts(db, 'event')).toBe(1)
  })

  it('are none in a file of before, which gets room for them when it is written again', () => {
    const { db, file, reader } = history()
    db.exec('DROP TABLE event')
    expect(reader.events(base, base + dayMs)).toEqual([])
    openForWriting(file).close()
    expect(counts(db, 'event')).toBe(0)
  })
})

describe('votes', () => {
  it('are counted by hour, over all vantages', () => {
    const { add, reader } = history()
    add(...minutes('api', base, 90, (i) => (i % 10 === 0 ? 'down' : i % 10 === 1 ? 'unknown' : 'up')))
    add(...minutes('api', base, 30).map((result) => ({ ...result, vantage: 'other' })))
    expect(reader.hourVotes('api', base, base + dayMs)).toEqual([
      { startMs: base, good: 78, bad: 6, unknown: 6 },
      { startMs: base + 60 * minuteMs, good: 24, bad: 3, unknown: 3 },
    ])
    expect(reader.watchedFrom('api', base)).toEqual({ firstMs: base, places: 2 })
    expect(reader.watchedFrom('nobody', base)).toEqual({ places: 0 })
  })

  it('of three days are each counted once, in sealed hours and in the one that is open', () => {
    const { add, file, settle } = history()
    add(...minutes('api', base, 200, (i) => (i % 7 === 0 ? 'down' : 'up')))
    const total = () => {
      const reader = new HistoryReader(file)
      const { hours, minutes: open } = reader.votesSince(base)
      reader.close()
      return [...hours, ...open].reduce((sum, { good, bad }) => ({ good: sum.good + good, bad: sum.bad + bad }), {
        good: 0,
        bad: 0,
      })
    }
    const expected = { good: 171, bad: 29 }
    expect(total()).toEqual(expected)
    settle(base + 190 * minuteMs)
    expect(total()).toEqual(expected)
    settle(base + dayMs)
    expect(total()).toEqual(expected)
  })
})
