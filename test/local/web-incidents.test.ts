import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { HistoryStore } from '../../lib/local/history-store.ts'
import type { IncidentList, IncidentPage } from '../../lib/local/web/api/incidents.ts'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import { IncidentLog } from '../../lib/local/web/incident-log.ts'
import { minuteMs } from '../support/history.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { ask, get, startSite, transition } from '../support/site.ts'

const nowMs = () => Date.now()
const hourMs = 3_600_000

describe('incidents', () => {
  it('are found again after a restart, with who saw what, and as Markdown', async () => {
    const startMs = nowMs() - hourMs
    const fill = (store: HistoryStore) => {
      const results = Array.from({ length: 40 }, (_, i) => {
        const atMs = startMs + i * minuteMs
        // One failure a little before is not part of it.
        return i === 8 || (i >= 10 && i < 15) ? failedResult('api', atMs) : httpResult('api', atMs)
      })
      const [first, back] = [startMs + 10 * minuteMs, startMs + 15 * minuteMs]
      const transitions = [
        transition('api', 'down', first + 2 * minuteMs, { firstAtMs: first }),
        transition('api', 'up', back + 9 * minuteMs, { firstAtMs: back }),
      ]
      store.append({ results, transitions })
    }
    const { url } = await startSite({ fill })
    const { incidents, more } = await get<IncidentList>(`${url}/api/incidents`)
    expect(more).toBe(false)
    const [summary] = incidents
    const first = startMs + 10 * minuteMs
    expect(summary).toEqual({
      ...{ id: `api~${first + 2 * minuteMs}`, monitor: 'api', severity: 'page', muted: false, firstFailureMs: first },
      confirmedMs: first + 2 * minuteMs,
      recovery: { firstGoodMs: first + 5 * minuteMs, confirmedMs: first + 14 * minuteMs, to: 'up' },
      cause: { code: 'CONNECT_REFUSED', words: 'connection refused', message: 'refused' },
    })
    const page = await get<IncidentPage>(`${url}/api/incidents/${encodeURIComponent(summary?.id ?? '')}`)
    expect(page.timeline.map(({ kind, afterMs }) => [kind, afterMs / minuteMs])).toEqual([
      ['last good', -1],
      ['first failure', 0],
      ['confirmed', 2],
      ['first good', 5],
      ['recovered', 14],
    ])
    expect(page.seenBy).toEqual([
      { vantage: 'local', firstFailureMs: first, lastFailureMs: first + 4 * minuteMs, failures: 5, good: 10 },
    ])
    const { text, headers } = await ask(`${url}/api/incidents/${encodeURIComponent(summary?.id ?? '')}/markdown`)
    expect(headers['content-type']).toBe('text/markdown; charset=utf-8')
    expect(headers['content-disposition']).toMatch(/^attachment; filename="incident-api-\d+\.md"$/)
    expect(text).toContain('# Incident: `api` down, ')
    expect(text).toContain('| Down for | 5 min 00 s |')
    expect(text).toContain('| −1 min 00 s | last good, `local` | Good from local. |')
    expect(text).toContain(
      '| +0 s | first failure, `local` | `connection refused (CONNECT_REFUSED): expected a connection',
    )
    expect(text).toContain('| `local` | 5 | 10 | ')
    expect(text).toContain('Failures by code: 5 × CONNECT_REFUSED.')
  })

  it('are listed newest first, by monitor and page by page; one that nobody can end says so', async () => {
    const at = (hours: number) => nowMs() - hours * hourMs
    const transitions = [
      transition('gone', 'down', at(9)),
      ...[8, 6, 4].flatMap((hours) => [transition('api', 'down', at(hours)), transition('api', 'up', at(hours - 1))]),
      transition('api', 'down', at(2)),
      // After a restart: found down once more.
      transition('api', 'down', at(1), { from: 'pending' }),
    ]
    const { url } = await startSite({ fill: (store) => void store.append({ results: [], transitions }) })
    const list = (query: string) => get<IncidentList>(`${url}/api/incidents${query}`)
    const { incidents } = await list('')
    expect(incidents.map(({ monitor }) => monitor)).toEqual(['api', 'api', 'api', 'api', 'gone'])
    expect(incidents.map(({ recovery }) => recovery !== undefined)).toEqual([false, true, true, true, false])
    expect(incidents.at(-1)?.endUnknown).toBe(true)
    const page = await list('?monitor=api&limit=2')
    expect([page.incidents.length, page.more]).toEqual([2, true])
    expect((await list('?monitor=api&limit=4')).more).toBe(false)
    const rest = await list(`?monitor=api&from=0&to=${page.incidents.at(-1)?.confirmedMs}`)
    expect([rest.incidents.length, rest.more]).toEqual([2, false])
    const { openIncidents } = await get<Overview>(`${url}/api/overview`)
    expect(openIncidents.map(({ monitor }) => monitor)).toEqual(['api'])
  })

  it('of the last 30 days are told unless others are asked for, up to this very moment', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const day = (days: number) => nowMs() - days * 24 * hourMs
    const [before, since] = [31, 29].map((days) => [
      transition('api', 'down', day(days)),
      transition('api', 'up', day(days) + 1),
    ])
    const transitions = [...(before ?? []), ...(since ?? [])]
    const { url, feed } = await startSite({ fill: (store) => void store.append({ results: [], transitions }) })
    feed({ transitions: [transition('api', 'down', nowMs())] })
    const times = async (query = '') =>
      (await get<IncidentList>(`${url}/api/incidents${query}`)).incidents.map(({ confirmedMs }) => confirmedMs)
    expect(await times()).toEqual([nowMs(), day(29)])
    expect(await times('?from=0')).toEqual([nowMs(), day(29), day(31)])
    // What began at the end of a range is after it; what ended at its start still touches it.
    expect(await times(`?from=${day(31) + 1}&to=${day(29)}`)).toEqual([day(31)])
    expect(await times(`?from=${day(31) + 2}&to=${day(29)}`)).toEqual([])
  })

  it('are there once, where the history has already what the engine tells', async () => {
    const at = nowMs() + 5000
    const transitions = [transition('api', 'down', at), transition('api', 'up', at + 1)]
    const { url, feed } = await startSite({ fill: (store) => void store.append({ results: [], transitions }) })
    feed({ transitions })
    const { incidents } = await get<IncidentList>(`${url}/api/incidents?from=0&to=${at + 10}`)
    expect(incidents.map(({ id }) => id)).toEqual([`api~${at}`])
  })

  it('in maintenance say that nobody was alerted, in any words of others no markup, and where to look', async () => {
    const runbook = 'https://wiki.example.com/a|b'
    const monitors = ['api', 'web'].map((id) => ({ id, kind: 'http', url: 'https://example.com/', runbook }))
    const at = Math.floor((nowMs() - 3 * hourMs) / 1000) * 1000
    const cause = { code: 'a_new|<code>', message: '`x` | <b>' }
    const over = { firstAtMs: at - 65_000, muted: true }
    const endMs = at + 2 * hourMs + 3 * minuteMs
    const transitions = [
      transition('api', 'down', at, over),
      transition('web', 'down', at + 1, { ...over, cause }),
      transition('api', 'up', endMs, { firstAtMs: endMs - 9000 }),
    ]
    const { url } = await startSite({
      config: { service: 'shop', monitors },
      fill: (store) => void store.append({ results: [], transitions }),
    })
    const { timeline } = await get<IncidentPage>(`${url}/api/incidents/api~${at}`)
    expect(timeline.find(({ kind }) => kind === 'confirmed')?.text).toBe(
      'Down: connection refused (CONNECT_REFUSED). Nobody was alerted: it is a maintenance window.',
    )
    const { text } = await ask(`${url}/api/incidents/api~${at}/markdown`)
    expect(text).toContain('| Severity | page, muted by a maintenance window |')
    expect(text).toContain('| Confirmed | ')
    expect(text).toContain(' (after 1 min 05 s) |')
    expect(text).toContain('| Down for | 2 h 03 min 56 s |')
    expect(text).toContain('| Runbook | `https://wiki.example.com/a\\|b` |')
    expect(text).toContain('| other monitor | web failed: a_new\\|\\<code\\> (a_new\\|\\<code\\>). |')
    expect(text.replace(/`[^`]*`|\\[<|]/g, '')).not.toMatch(/<code>|<b>/)
  })

  it('that are open are known however many come after them', () => {
    const log = new IncidentLog(new Map())
    const take = (monitor: string, to: 'up' | 'down', atMs: number) => log.take(transition(monitor, to, atMs))
    take('stuck', 'down', 1)
    for (let i = 0; i < 6000; i++) {
      take('flaps', 'down', 10 + 2 * i)
      take('flaps', 'up', 11 + 2 * i)
    }
    expect(log.find('stuck~1')).toMatchObject({ monitor: 'stuck' })
    expect(log.within(0, 10 ** 9).length).toBeLessThanOrEqual(5000)
    expect(log.within(0, 10 ** 9)[0]?.confirmedMs).toBe(10 + 2 * 5999)
    take('stuck', 'up', 10 ** 6)
    expect(log.find('stuck~1')?.recovery?.confirmedMs).toBe(10 ** 6)
  })

  it('put what failed first before what followed, however late it was confirmed or told', async () => {
    const monitors = ['mail', 'app', 'db'].map((id) => ({ id, kind: 'http', url: `https://${id}.example.com/` }))
    const startMs = Math.floor((nowMs() - hourMs) / 1000) * 1000
    const at = (seconds: number) => startMs + seconds * 1000
    const fill = (store: HistoryStore) => {
      const results = [failedResult('db', at(0)), failedResult('app', at(4)), failedResult('mail', at(6))]
      const transitions = [
        transition('mail', 'down', at(7), { firstAtMs: at(6) }),
        // Asks for more failures than `mail`.
        transition('app', 'down', at(9), { firstAtMs: at(4) }),
        // Its first run waited for a time-out.
        transition('db', 'down', at(40), { firstAtMs: at(15) }),
      ]
      store.append({ results, transitions })
    }
    const { url } = await startSite({ config: { service: 'shop', monitors }, fill })
    const path = `${url}/api/incidents/mail~${at(7)}`
    const { incident, timeline, related } = await get<IncidentPage>(path)
    expect(incident.firstFailureMs).toBe(at(6))
    expect(timeline.map(({ afterMs, kind, text }) => [afterMs / 1000, kind, text.split(':')[0]])).toEqual([
      [-6, 'other monitor', 'db failed'],
      [-2, 'other monitor', 'app failed'],
      [0, 'first failure', 'connection refused (CONNECT_REFUSED)'],
      [1, 'confirmed', 'Down'],
    ])
    expect(related.map(({ monitor, firstFailureMs }) => [monitor, firstFailureMs])).toEqual([
      ['db', at(0)],
      ['app', at(4)],
    ])
    const { text } = await ask(`${path}/markdown`)
    const rows = text.split('\n').filter((line) => line.includes('| other monitor | '))
    expect(rows.map((row) => row.split(' | ').slice(1))).toEqual([
      ['−6 s', 'other monitor', 'db failed: connection refused (CONNECT_REFUSED). |'],
      ['−2 s', 'other monitor', 'app failed: connection refused (CONNECT_REFUSED). |'],
    ])
    expect(text.indexOf('| `db` |')).toBeLessThan(text.indexOf('| `app` |'))
  })
})
