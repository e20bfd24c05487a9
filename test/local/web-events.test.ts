import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ResultUpdate } from '../../lib/local/web/api/events.ts'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import { mostStreams } from '../../lib/local/web/event-streams.ts'
import type { Site } from '../../lib/local/web/site.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { ask, get, listen, startSite, transition, viewOf } from '../support/site.ts'

/** Slow machines get there too. */
const patient = { timeout: 20_000 }

describe('the stream of events', () => {
  it('begins with hello and a tick, and tells results, changes of state and incidents as they come, each with an id', async () => {
    const { url, feed } = await startSite()
    const stream = await listen(`${url}/api/events`)
    await stream.saw('hello')
    const atMs = Date.now()
    feed({ results: [failedResult('api', atMs)], transitions: [transition('api', 'down', atMs)] })
    await stream.saw('incident')
    expect(stream.events.map(({ name }) => name)).toEqual(['hello', 'tick', 'results', 'state', 'incident'])
    const [hello, tick, results, state, incident] = stream.events
    expect(tick).toMatchObject({ data: { service: 'shop', history: { dropped: 0 } } })
    expect(hello).toMatchObject({ data: { version: '1.2.3' } })
    expect(hello?.id).toBeUndefined()
    expect(results?.data).toMatchObject([
      {
        ...{ id: 'api', vantage: 'local', state: 'down', downAt: ['local'] },
        last: { atMs, status: 'down', attempts: 1 },
        trouble: { code: 'CONNECT_REFUSED', words: 'connection refused' },
      },
    ])
    expect(state?.data).toMatchObject({ id: 'api', from: 'up', to: 'down', trouble: { words: 'connection refused' } })
    expect(incident?.data).toMatchObject({ id: `api~${atMs}`, monitor: 'api', confirmedMs: atMs })
    expect(new Set([results?.id, state?.id, incident?.id]).size).toBe(3)
  })

  it('has a tick every five seconds, but none of an engine that is silent', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { url, feed } = await startSite()
    feed({})
    const stream = await listen(`${url}/api/events`)
    await stream.saw('tick')
    const ticksAfter = async (ms: number) => {
      vi.advanceTimersByTime(ms)
      // What comes last shows that all before it is there.
      const told = stream.events.length
      feed({ vitals: undefined as never, results: [httpResult('api', Date.now())] })
      await expect.poll(() => stream.events.length, patient).toBeGreaterThan(told)
      await expect.poll(() => stream.events.at(-1)?.name, patient).toBe('results')
      return stream.events.filter(({ name }) => name === 'tick').length
    }
    expect(await ticksAfter(4999)).toBe(1)
    expect(await ticksAfter(1)).toBe(2)
    expect(await ticksAfter(5000)).toBe(3)
    // Of what is not heard for ten seconds nothing is said.
    expect(await ticksAfter(1000)).toBe(3)
    expect(await ticksAfter(40_000)).toBe(5)
  })

  it('tells an incident as it was when it began, also where its end comes at once', async () => {
    const { url, feed } = await startSite()
    const stream = await listen(`${url}/api/events`)
    await stream.saw('tick')
    feed({ transitions: [transition('api', 'down', 1000), transition('api', 'up', 2000)] })
    await expect.poll(() => stream.events.filter(({ name }) => name === 'incident').length, patient).toBe(2)
    const [began, ended] = stream.events.flatMap(({ name, data }) => (name === 'incident' ? [data] : []))
    expect(began).not.toHaveProperty('recovery')
    expect(ended).toMatchObject({ id: 'api~1000', recovery: { confirmedMs: 2000, to: 'up' } })
  })

  it('says of a result whether it is muted, and who sees the monitor down: who has no vote does not', async () => {
    const { url, feed } = await startSite()
    const stream = await listen(`${url}/api/events`)
    const rowOf = async () => (await get<Overview>(`${url}/api/overview?ids=api`)).monitors[0]
    expect(await rowOf()).not.toHaveProperty('muted')
    const unknown = failedResult('api', 1000, { status: 'unknown' })
    feed({ results: [unknown], views: [{ ...viewOf(unknown), muted: true }] })
    await stream.saw('results')
    const [update] = (stream.events.at(-1)?.data ?? []) as ResultUpdate[]
    expect(update).toMatchObject({ id: 'api', muted: true, last: { status: 'unknown' } })
    expect(await rowOf()).toMatchObject({ id: 'api', muted: true, last: { status: 'unknown' } })
    for (const one of [update, await rowOf()]) expect(one).not.toHaveProperty('downAt')
  })

  it('carries on from the overview without a gap', async () => {
    const { url, feed } = await startSite()
    feed({ results: [httpResult('api', 1000)] })
    const { eventId } = await get<Overview>(`${url}/api/overview`)
    feed({ results: [httpResult('api', 2000)] })
    const stream = await listen(`${url}/api/events?after=${eventId}`)
    feed({ results: [httpResult('api', 3000)] })
    await expect.poll(() => stream.events.length, patient).toBe(4)
    expect(timesOf(stream.events)).toEqual([2000, 3000])
  })

  it('tells one who comes back what it missed, once', async () => {
    const { url, feed } = await startSite()
    const first = await listen(`${url}/api/events`)
    feed({ results: [httpResult('api', 1000)] })
    const { id = '' } = await first.saw('results')
    first.close()
    feed({ results: [httpResult('api', 2000)] })
    feed({ results: [httpResult('api', 3000)] })
    // A browser sends the header; the URL still says where it began long ago.
    const again = await listen(`${url}/api/events?after=long.ago`, { 'last-event-id': id })
    await expect.poll(() => again.events.length, patient).toBe(4)
    expect(timesOf(again.events)).toEqual([2000, 3000])
  })

  it('says reset, and ends, where what was missed is not known: another process, too long ago, nonsense', async () => {
    const { url, feed } = await startSite()
    const other = await startSite()
    const ids = [
      (await get<Overview>(`${other.url}/api/overview`)).eventId,
      'x',
      '',
      '.',
      'a.b.c',
      `${'9'.repeat(400)}.1`,
    ]
    const { eventId } = await get<Overview>(`${url}/api/overview`)
    ids.push(`${eventId.split('.')[0]}.999`, `${eventId.split('.')[0]}.-1`)
    for (const id of ids) {
      const stream = await listen(`${url}/api/events?after=${id}`)
      await stream.ended
      expect({ id, names: stream.events.map(({ name }) => name) }).toEqual({ id, names: ['hello', 'reset'] })
    }
    for (let i = 0; i < 60; i++) feed({ results: Array.from({ length: 50 }, (_, n) => httpResult('api', i * 100 + n)) })
    const late = await listen(`${url}/api/events?after=${eventId}`)
    const { data } = await late.saw('reset')
    expect(data).toMatchObject({ eventId: (await get<Overview>(`${url}/api/overview?ids=api`)).eventId })
  })

  it('is open to so many at once, and then to the next when one has gone', async () => {
    const { url } = await startSite()
    const streams = await Promise.all(Array.from({ length: mostStreams }, () => listen(`${url}/api/events`)))
    const refused = await ask(`${url}/api/events`)
    expect([503, '10']).toEqual([refused.status, refused.headers['retry-after']])
    expect(refused.text).toContain(`expected at most ${mostStreams} listeners`)
    streams[0]?.close()
    await expect.poll(async () => (await ask(`${url}/api/events`, { method: 'HEAD' })).status, patient).toBe(200)
  })

  it('drops a client that does not keep up; others hear everything', async () => {
    const { url, feed, site } = await startSite()
    const good = await listen(`${url}/api/events`)
    // Idle connections are closed in the end: it is not to wait for that.
    site.server.on('timeout', () => {})
    const slow = net.connect(Number(new URL(url).port), '127.0.0.1')
    onTestFinished(() => void slow.destroy())
    slow.write(`GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await new Promise((resolve) => slow.once('data', resolve))
    slow.pause()
    const dropped = new Promise((resolve) => slow.once('close', resolve))
    slow.on('error', () => {})
    let fed = 0
    const message = 'x'.repeat(280)
    const failure = { code: 'ASSERTION', stage: 'assert', message } as const
    const results = Array.from({ length: 400 }, (_, i) => failedResult('api', i, { failure }))
    // The kernel takes a few megabytes for it first.
    for (; fed < 300 && (await connectionsOf(site)) > 1; fed++) {
      feed({ results })
      await wait(0)
    }
    expect(fed).toBeLessThan(300)
    slow.resume()
    await dropped
    await expect.poll(() => good.events.filter(({ name }) => name === 'results').length, patient).toBe(fed)
  })
})

/** When the results of a stream began. */
function timesOf(events: { name: string; data: unknown }[]): number[] {
  return events.flatMap(({ name, data }) =>
    name === 'results' ? (data as ResultUpdate[]).map(({ last }) => last.atMs) : [],
  )
}

/** How many clients the server holds a connection of. */
function connectionsOf({ server }: Site): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}
