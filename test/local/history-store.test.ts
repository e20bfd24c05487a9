import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packBlock, shorten, unpackBlock } from '../../lib/local/history-block.ts'
import { hourMs, openForReading, openForWriting, schemaVersion } from '../../lib/local/history-schema.ts'
import { keptInFull } from '../../lib/local/history-upkeep.ts'
import type { Status } from '../../lib/model/result.ts'
import { base, counts, dayMs, history, minuteMs, minutes, temporaryFolder } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'

describe('results', () => {
  it('come back in full, newest first', () => {
    const { add, reader } = history()
    const results = [
      httpResult('api', base),
      failedResult('api', base + minuteMs),
      httpResult('api', base + 2 * minuteMs),
    ]
    add(...results, httpResult('other', base))
    expect(reader.latest('api', 2)).toEqual([
      { ...results[2], durationMs: expect.closeTo(results[2]?.durationMs ?? 0, 1) },
      results[1],
    ])
    expect(reader.latest('nobody', 2)).toEqual([])
  })

  it('are the same in short before and after their hour is sealed, but for a hundredth of a millisecond', () => {
    const { add, reader, settle } = history()
    add(...minutes('api', base, 150, (i) => (i % 40 === 7 ? 'down' : i % 9 === 0 ? 'degraded' : 'up')))
    const before = reader.results('api', base, base + dayMs)
    settle(base + dayMs)
    const after = reader.results('api', base, base + dayMs)
    expect(before.length).toBe(150)
    expect(after.length).toBe(150)
    for (const [i, one] of after.entries()) {
      const { durationMs = 0, phases = {}, ...rest } = before[i] ?? {}
      expect(one).toMatchObject(rest)
      expect(one.durationMs).toBeCloseTo(durationMs, 2)
      for (const [name, ms] of Object.entries(phases)) expect(one.phases[name as 'tls']).toBeCloseTo(ms, 1)
    }
    expect(after[7]?.failure?.code).toBe('CONNECT_REFUSED')
    expect(after[8]?.facts).toMatchObject({ statusCode: 200, ip: '192.0.2.10' })
  })

  it('of some time are those from its start and before its end', () => {
    const { add, reader, settle } = history()
    add(...minutes('api', base, 180))
    settle(base + 2 * hourMs + 3 * minuteMs)
    const times = reader
      .results('api', base + 30 * minuteMs, base + 150 * minuteMs)
      .map(({ atMs }) => (atMs - base) / minuteMs)
    expect(times).toEqual(Array.from({ length: 120 }, (_, i) => i + 30))
    // Within a sealed hour too, and before it.
    expect(reader.results('api', base + minuteMs, base + 3 * minuteMs)).toHaveLength(2)
    expect(reader.results('api', base - dayMs, base)).toEqual([])
  })

  it('stay in full for the newest only, once sealed', () => {
    const { add, db, reader, settle } = history()
    add(...minutes('api', base, 300))
    settle(base + dayMs)
    expect(counts(db, 'result')).toBe(keptInFull)
    expect(reader.latest('api', 100).length).toBe(keptInFull)
    expect(reader.latest('api', 1)[0]?.observed).toMatchObject({ headers: { server: 'nginx' } })
  })

  it('are told apart by vantage', () => {
    const { add, reader } = history()
    add(httpResult('api', base), httpResult('api', base, { vantage: 'eu-west-1' }))
    expect(reader.results('api', base, base + 1).map(({ vantage }) => vantage)).toEqual(['eu-west-1', 'local'])
    expect(reader.uptime('api', base, base + hourMs).up).toBe(2)
    expect(reader.latest('api', 1)).toHaveLength(1)
  })

  it('have their latest durations at hand: of degraded runs too, of none that failed, and of none since', () => {
    const { add, reader } = history()
    const run = (i: number, status: Status, vantage = 'local') =>
      httpResult('api', base + i, { durationMs: i, status, vantage })
    add(run(1, 'up'), run(2, 'degraded', 'north'), run(3, 'down'), run(4, 'unknown'), run(5, 'up', 'north'))
    expect(reader.recentDurations(base + 5, 40)).toEqual(new Map([['api', [1, 2, null, null]]]))
    expect(reader.recentDurations(base + 6, 2)).toEqual(new Map([['api', [null, 5]]]))
  })

  it('pack and unpack, whatever they are', () => {
    const result = fc.record({
      atMs: fc.integer({ min: 0, max: 4e12 }),
      status: fc.constantFrom<Status>('up', 'degraded', 'down', 'unknown'),
      durationMs: fc.integer({ min: 0, max: 1e8 }).map((ticks) => ticks / 100),
      attempts: fc.integer({ min: 0, max: 9 }),
      phases: fc.record({ tls: fc.integer({ min: 0, max: 1e6 }).map((n) => n / 100) }, { requiredKeys: [] }),
      facts: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.oneof(fc.string(), fc.integer(), fc.array(fc.string())),
      ),
    })
    fc.assert(
      fc.property(fc.array(result, { minLength: 1, maxLength: 80 }), (results) => {
        const plain = JSON.parse(JSON.stringify(results))
        expect(unpackBlock(packBlock(results))).toEqual(plain)
      }),
    )
  })

  it('keep no endless text of a peer', () => {
    const failure = { code: 'TCP_DIALOG', stage: 'processing', message: 'x'.repeat(100_000) } as const
    expect(shorten(failedResult('mail', base, { failure }), base).failure?.message.length).toBe(300)
  })
})

describe('changes of state', () => {
  it('come back in order, for one monitor or all', () => {
    const { store, reader } = history()
    const cause = { code: 'CONNECT_REFUSED', message: 'connection refused' }
    const down = {
      monitor: 'api',
      from: 'up',
      to: 'down',
      atMs: base + 2,
      firstAtMs: base,
      cause,
      muted: true,
    } as const
    const up = { monitor: 'db', from: 'pending', to: 'up', atMs: base + 1, firstAtMs: base + 1, muted: false } as const
    store.append({ results: [], transitions: [down, up] })
    expect(reader.transitions(base, base + 10)).toEqual([up, down])
    expect(reader.transitions(base, base + 10, 'api')).toEqual([down])
    expect(reader.transitions(base, base + 2)).toEqual([up])
    // Of the same moment the later one is the one that holds.
    const back = { ...down, from: 'down', to: 'up' } as const
    store.append({ results: [], transitions: [back] })
    expect(reader.latestTransitions(10)).toEqual([up, down, back])
    expect(reader.latestTransitions(1)).toEqual([back])
    store.append({ results: [httpResult('api', base + 2)], transitions: [] })
    expect(reader.statesAt(base + 2)).toEqual([])
    expect(reader.statesAt(base + 3)).toEqual([back])
  })

  it('tell in which state each monitor was that ran lately', () => {
    const { store, reader } = history()
    const change = (monitor: string, to: 'up' | 'down', atMs: number) =>
      ({ monitor, from: 'pending', to, atMs, firstAtMs: atMs, muted: false }) as const
    store.append({
      results: [httpResult('api', base + hourMs), httpResult('old', base)],
      transitions: [change('api', 'up', base), change('api', 'down', base + 5), change('old', 'up', base)],
    })
    expect(reader.lastStates(base + 1).map(({ monitor, to }) => [monitor, to])).toEqual([['api', 'down']])
  })
})

describe('the file', () => {
  it('of a newer format is refused, and left as it is', () => {
    const { file, db } = history()
    db.exec(`PRAGMA user_version = ${schemaVersion + 1}`)
    const words = new RegExp(
      `has format ${schemaVersion + 1}, this Vedette reads format ${schemaVersion}: use the newer`,
    )
    expect(() => openForWriting(file)).toThrow(words)
    expect(() => openForReading(file)).toThrow(words)
  })

  it('of another program is refused, and left as it is', () => {
    const file = path.join(temporaryFolder(), 'other.db')
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE theirs (x)')
    expect(() => openForWriting(file)).toThrow(/another program's database: name another file with --history/)
    expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
    other.close()
  })

  it('that is full refuses a batch as a whole, and takes it when there is room', () => {
    const { db, add, store, reader } = history()
    add(httpResult('api', base))
    // SQLite's own limit gives a true SQLITE_FULL.
    db.exec('PRAGMA max_page_count = 1')
    const batch = minutes('new', base, 500)
    expect(() => store.append({ results: batch, transitions: [] })).toThrow(/full/)
    expect(reader.uptimes(base, base + dayMs).has('new')).toBe(false)
    db.exec('PRAGMA max_page_count = 1000000')
    store.append({ results: batch, transitions: [] })
    expect(reader.uptime('new', base, base + dayMs).up).toBe(500)
  })
})
