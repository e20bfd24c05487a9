import http from 'node:http'
import path from 'node:path'
import type { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Engine } from '../../lib/local/engine.ts'
import { openHistory } from '../../lib/local/history.ts'
import { closer, listen as listenAt } from '../../lib/local/loopback.ts'
import type { IncidentList } from '../../lib/local/web/api/incidents.ts'
import type { Overview } from '../../lib/local/web/api/overview.ts'
import { type Dashboard, startDashboard } from '../../lib/local/web/dashboard.ts'
import type { Place } from '../../lib/local/web/listen.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { ProbeResult } from '../../lib/model/result.ts'
import { keptLog, temporaryFolder } from '../support/history.ts'
import { freePort } from '../support/ports.ts'
import { failedResult, httpResult } from '../support/results.ts'
import { ask, get, listen } from '../support/site.ts'

const cacheFile = path.resolve(import.meta.dirname, '../../.vedette/test-client.json')
const patient = { timeout: 20_000 }

const config = parseConfig({
  service: 'shop',
  monitors: [
    {
      id: 'api',
      kind: 'http',
      url: 'http://127.0.0.1:9/',
      every: '1s',
      timeout: '500ms',
      retries: 0,
      thresholds: { down: 1, up: 1 },
    },
  ],
})

/** An engine with its history and dashboard; `answer` is what its monitor finds. */
async function start(folder: string, answer: () => ProbeResult, place?: Place) {
  const { log, lines, saw } = keptLog()
  const historyPath = path.join(folder, 'history.db')
  const history = await openHistory({ path: historyPath, log })
  const engine = new Engine({ ...config, history, log, runMonitor: async () => answer() })
  const dashboard = await startDashboard({
    ...{ config, engine, historyPath, cacheFile, version: '1.2.3', log },
    place: place ?? { host: '127.0.0.1', port: await freePort(), isDefault: false },
  })
  engine.start()
  let isStopped = false
  const stop = async () => {
    if (isStopped) return
    isStopped = true
    await engine.stop()
    await dashboard.stop()
    await history.close()
  }
  onTestFinished(stop)
  return { dashboard, lines, saw, stop, history }
}

describe('the dashboard of a running engine', { timeout: 120_000 }, () => {
  it('tells results as they come and, where nothing comes, that it is alive', async () => {
    const { dashboard } = await start(temporaryFolder(), () => httpResult('api', Date.now()))
    const stream = await listen(`${dashboard.url}/api/events`)
    await expect.poll(() => stream.events.filter(({ name }) => name === 'results').length, patient).toBeGreaterThan(2)
    await stream.saw('tick')
    expect((await ask(`${dashboard.url}/healthz`)).status).toBe(200)
  })

  it('goes on after a restart with the incident that was open, and its state', async () => {
    const folder = temporaryFolder()
    const first = await start(folder, () => failedResult('api', Date.now()))
    const incidents = async ({ url }: Dashboard) => (await get<IncidentList>(`${url}/api/incidents`)).incidents
    await expect.poll(async () => (await incidents(first.dashboard)).length, patient).toBe(1)
    const [before] = await incidents(first.dashboard)
    const eventId = (await get<Overview>(`${first.dashboard.url}/api/overview`)).eventId
    await first.stop()
    let isUp = false
    const second = await start(folder, () => (isUp ? httpResult('api', Date.now()) : failedResult('api', Date.now())))
    const { monitors, openIncidents } = await get<Overview>(`${second.dashboard.url}/api/overview`)
    expect(openIncidents).toEqual([before])
    expect(monitors[0]).toMatchObject({ state: 'down', sinceMs: before?.confirmedMs })
    const stream = await listen(`${second.dashboard.url}/api/events?after=${eventId}`)
    await stream.saw('reset')
    isUp = true
    await expect.poll(async () => (await incidents(second.dashboard))[0]?.recovery?.to, patient).toBe('up')
    expect(await incidents(second.dashboard)).toHaveLength(1)
  })

  it('comes back at the same place when its thread breaks, and catches up on what it missed; probing goes on', async () => {
    const threads: Worker[] = []
    const keep = (worker: Worker) => void threads.push(worker)
    process.on('worker', keep)
    const { dashboard, saw, history } = await start(temporaryFolder(), () => failedResult('api', Date.now()))
    process.off('worker', keep)
    const incidents = async () => (await get<IncidentList>(`${dashboard.url}/api/incidents`)).incidents
    await expect.poll(async () => (await incidents()).length, patient).toBe(1)
    await history.flush()
    const [before] = await incidents()
    await threads.at(-1)?.terminate()
    await saw('dashboard.broke')
    await expect.poll(() => incidents().catch(() => []), patient).toEqual([before])
    const stream = await listen(`${dashboard.url}/api/events`)
    await stream.saw('results')
    const [row] = (await get<Overview>(`${dashboard.url}/api/overview`)).monitors
    expect(row).toMatchObject({ state: 'down', sinceMs: before?.confirmedMs })
  })

  it('takes the next port where its own is taken, and says so where that one was asked for', async () => {
    const blocker = http.createServer()
    onTestFinished(closer(blocker))
    const port = await freePort()
    await listenAt(blocker, port)
    const place = { host: '127.0.0.1', port, isDefault: true }
    const { dashboard } = await start(temporaryFolder(), () => httpResult('api', Date.now()), place)
    expect(Number(new URL(dashboard.url).port)).toBeGreaterThan(port)
    const refused = start(temporaryFolder(), () => httpResult('api', 1), { ...place, isDefault: false })
    await expect(refused).rejects.toThrow(`the dashboard cannot listen at 127.0.0.1:${port}`)
  })
})
