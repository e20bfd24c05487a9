import { describe, expect, it } from 'vitest'
import { withSlo } from '../../lib/decide/budget-report.ts'
import { emptyRing } from '../../lib/decide/vote-ring.ts'
import { HistoryReader } from '../../lib/local/history-reader.ts'
import type { HistoryStore } from '../../lib/local/history-store.ts'
import { reportOf, ringsOf } from '../../lib/local/slo-report.ts'
import type { MonitorPage } from '../../lib/local/web/api/monitor.ts'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import { BudgetBoard } from '../../lib/local/web/budgets.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { base, dayMs, history, minuteMs } from '../support/history.ts'
import { parseMetrics } from '../support/prometheus.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { ask, get, startSite } from '../support/site.ts'

const config = {
  service: 'shop',
  monitors: ['api', 'calm', 'plain', 'unseen'].map((id) => ({
    ...{ id, kind: 'http', url: 'https://api.example.com/health' },
    ...(id !== 'plain' && { slo: { objective: 99 } }),
  })),
}
const hourMs = 60 * minuteMs

/** Two hours of a result a minute; `api` was down for the last twenty minutes. */
function fill(store: HistoryStore): void {
  const startMs = Date.now() - 120 * minuteMs
  const results = Array.from({ length: 120 }, (_, i) => i).flatMap((i) => {
    const atMs = startMs + i * minuteMs
    const api = i >= 100 ? failedResult('api', atMs) : httpResult('api', atMs)
    return [api, httpResult('calm', atMs), httpResult('plain', atMs)]
  })
  store.append({ results, transitions: [] })
}

describe('error budgets', () => {
  it('are on the page of a monitor as `vedette budget` reckons them, with reasons in words', async () => {
    const { url, store } = await startSite({ config, fill })
    const { budget } = await get<MonitorPage>(`${url}/api/monitors/api`)
    expect(budget?.verdict.decision).toBe('roll back')
    expect(budget?.why[0]).toMatch(/^the 1h pair burns: .*× over 1h.* and .*× over 5m, where .*× is a page$/)
    const reader = new HistoryReader(store.db.location() ?? '')
    const [api] = withSlo(parseConfig(config).monitors)
    if (!api || !budget) throw new Error('expected a budget')
    const nowMs = budget.account.toMs
    const ring = ringsOf(reader, [api], { nowMs }).get('api') ?? emptyRing(nowMs)
    const report = reportOf(api, reader, ring, { nowMs })
    reader.close()
    expect(budget).toMatchObject(JSON.parse(JSON.stringify(report)))
    const { budget: calm } = await get<MonitorPage>(`${url}/api/monitors/calm`)
    expect(calm).toMatchObject({ account: { left: 1 }, verdict: { decision: 'keep' } })
    const day = calm?.pairs.find(({ pair }) => pair.id === '1d')
    expect((day?.seenMs ?? 0) / hourMs).toBeCloseTo(2, 0)
    for (const id of ['plain', 'unseen'])
      expect((await get<MonitorPage>(`${url}/api/monitors/${id}`)).budget).toBe(undefined)
  })

  it('are in the overview in short, and in metrics, without anybody having looked at them', async () => {
    const { url } = await startSite({ config, fill })
    const marks = async () => {
      const { monitors } = await get<Overview>(`${url}/api/overview`)
      return monitors.map(({ budget }) => budget?.decision)
    }
    await expect.poll(marks, { timeout: 30_000 }).toEqual(['roll back', 'keep', undefined, undefined])
    const [api, calm] = (await get<Overview>(`${url}/api/overview`)).monitors
    expect(api?.budget).toMatchObject({ burning: 'page', why: expect.stringContaining('the 1h pair burns') })
    expect(calm?.budget).toEqual({ left: 1, decision: 'keep' })
    const samples = parseMetrics((await ask(`${url}/metrics`)).text)
    const value = (name: string, labels: Record<string, string>) =>
      samples.find(
        (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text),
      )?.value
    expect(value('vedette_error_budget_remaining_ratio', { monitor: 'api' })).toBeCloseTo(api?.budget?.left ?? -1, 2)
    expect(value('vedette_error_budget_remaining_ratio', { monitor: 'calm' })).toBe(1)
    expect(value('vedette_error_budget_burning', { monitor: 'api', window: '1h', severity: 'page' })).toBe(1)
    expect(value('vedette_error_budget_burn_rate', { monitor: 'api', window: '1h', part: 'long' })).toBeGreaterThan(
      14.4,
    )
    expect(value('vedette_error_budget_burn_rate', { monitor: 'api', window: '1h', part: 'short' })).toBeCloseTo(100)
    expect(value('vedette_error_budget_seen_ratio', { monitor: 'calm', window: '1d' })).toBeCloseTo(2 / 24, 1)
    expect(value('vedette_slo_objective_ratio', { monitor: 'calm' })).toBe(0.99)
    expect(samples.filter(({ labels, name }) => labels.monitor === 'unseen' && name.includes('budget'))).toEqual([])
  })

  it('have their turn one after the other, the oldest first', () => {
    const { reader, add } = history()
    const ids = ['a', 'b', 'c']
    const board = new BudgetBoard(
      ids.map((id) => ({ id, everyMs: minuteMs, slo: { objective: 99, windowMs: 30 * dayMs }, maintenance: [] })),
    )
    for (const id of ids) add(httpResult(id, base - minuteMs))
    const known = () => ids.filter((id) => board.mark(id)).join('')
    const turns = ids.map((_, i) => {
      // No time at all: one a turn.
      board.refresh(reader, base + i, 0)
      return known()
    })
    expect(turns).toEqual(['a', 'ab', 'abc'])
    for (let i = 0; i < 20; i++) add(failedResult('b', base + (i + 1) * minuteMs))
    board.refresh(reader, base + 4, 0)
    expect(board.mark('b')?.decision).not.toBe('roll back')
    board.refresh(reader, base + 30 * minuteMs, 1000)
    expect(board.mark('b')?.left).toBeLessThan(1)
  })

  it('are reckoned anew also after the clock was set back', () => {
    const { reader, add } = history()
    const slo = { objective: 99, windowMs: 30 * dayMs }
    const board = new BudgetBoard([{ id: 'a', everyMs: minuteMs, slo, maintenance: [] }])
    for (let i = 1; i < 60; i++) add(httpResult('a', base - 3 * hourMs - i * minuteMs))
    board.refresh(reader, base, 1000)
    expect(board.mark('a')?.left).toBe(1)
    for (let i = 0; i < 60; i++) add(failedResult('a', base - 3 * hourMs + i * minuteMs))
    board.refresh(reader, base - 2 * hourMs, 1000)
    expect(board.mark('a')?.left).toBeLessThan(1)
    expect(board.mark('a')?.burning).toBe('page')
  })
})
