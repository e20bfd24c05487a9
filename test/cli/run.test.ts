import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HistoryReader } from '../../lib/local/history-reader.ts'
import { temporaryFolder } from '../support/history.ts'
import { freePort } from '../support/ports.ts'
import { vedette } from '../support/vedette.ts'

/** A server that tells when it is asked; `answer` false leaves everyone waiting. */
async function server(answer = true): Promise<{ url: string; asked: Promise<void>; server: Server; open(): void }> {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const waiting: (() => void)[] = []
  const one = createServer((_, response) => {
    if (answer) response.end('ok')
    else waiting.push(() => response.end('ok'))
    resolve()
  })
  const port = await freePort()
  await new Promise<void>((done) => one.listen(port, '127.0.0.1', done))
  onTestFinished(() => {
    one.closeAllConnections()
    one.close()
  })
  const open = () => {
    for (const respond of waiting) respond()
  }
  return { url: `http://127.0.0.1:${port}/`, asked, server: one, open }
}

/** A folder with a config that watches `url` every two seconds. */
function folderFor(url: string, over: Record<string, unknown> = {}): string {
  const folder = temporaryFolder()
  const monitors = [{ id: 'api', kind: 'http', url, every: '2s', timeout: '1900ms', retries: 0, ...over }]
  writeFileSync(path.join(folder, 'vedette.config.json'), JSON.stringify({ service: 'shop', monitors }))
  return folder
}

/** What the history has, once it is proven to be whole. */
function whole(folder: string, monitor = 'api') {
  const file = path.join(folder, '.vedette', 'history.db')
  const db = new DatabaseSync(file, { readOnly: true })
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  db.close()
  const reader = new HistoryReader(file)
  const now = Date.now()
  const kept = {
    uptime: reader.uptime(monitor, now - 3_600_000, now + 3_600_000),
    results: reader.results(monitor, now - 3_600_000, now + 3_600_000),
    transitions: reader.transitions(0, now + 1),
  }
  reader.close()
  return kept
}

describe('vedette run', { timeout: 120_000 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with 0 on ${signal}, with all results kept`, async () => {
      const { url } = await server()
      const folder = folderFor(url)
      const run = vedette(['run', '--verbose'], folder)
      await run.saw('result')
      run.process.kill(signal)
      expect(await run.ended).toBe(0)
      const told = (event: string) => run.out().split(`"event":"${event}"`).length - 1
      const { uptime, results, transitions } = whole(folder)
      expect(uptime.up + uptime.down).toBe(told('result'))
      expect(results.length).toBe(told('result'))
      expect(transitions.length).toBe(told('state'))
      expect(run.err()).toContain('stopping: waiting for what is under way')
    })
  }

  it('waits for a probe that is under way, and keeps its result', async () => {
    const { url, asked, open } = await server(false)
    const folder = folderFor(url, { every: '60s', timeout: '20s' })
    const run = vedette(['run', '--verbose'], folder)
    await asked
    run.process.kill('SIGTERM')
    await run.said('stopping')
    open()
    expect(await run.ended).toBe(0)
    expect(whole(folder).uptime).toMatchObject({ up: 1, down: 0 })
  })

  it('ends at once on a second signal', async () => {
    const { url, asked } = await server(false)
    const run = vedette(['run'], folderFor(url, { every: '60s', timeout: '20s' }))
    await asked
    run.process.kill('SIGTERM')
    await run.said('stopping')
    const impatience = setInterval(() => run.process.kill('SIGTERM'), 50)
    expect(await run.ended).toBe(143)
    clearInterval(impatience)
    expect(run.err().trim()).toMatch(/a second signal ends it at once$/)
  })

  it('takes signals that come together as one, as a launcher and its child get them', async () => {
    const { url, asked, open } = await server(false)
    const run = vedette(['run'], folderFor(url, { every: '60s', timeout: '20s' }))
    await asked
    run.process.kill('SIGINT')
    run.process.kill('SIGTERM')
    await run.said('stopping')
    open()
    expect(await run.ended).toBe(0)
  })

  it('refuses a history that another run holds, and starts after that was killed', async () => {
    const { url } = await server()
    const folder = folderFor(url)
    const first = vedette(['run', '--verbose'], folder)
    await first.saw('result')
    const second = vedette(['run'], folder)
    expect(await second.ended).toBe(2)
    expect(second.err()).toContain('another "vedette run" holds the history .vedette/history.db: stop it, or name')
    expect(second.out()).toBe('')
    first.process.kill('SIGKILL')
    expect(await first.ended).toBe('SIGKILL')
    const third = vedette(['run', '--verbose'], folder)
    await third.saw('result')
    third.process.kill('SIGTERM')
    expect(await third.ended).toBe(0)
    expect(whole(folder).results.length).toBeGreaterThanOrEqual(1)
  })

  it('tells each failure and each change of state as a line of JSON', async () => {
    const { url, server: one } = await server()
    const folder = folderFor(url, { every: '6s', timeout: '5s' })
    const run = vedette(['run'], folder)
    await run.saw('state')
    one.closeAllConnections()
    one.close()
    expect(await run.saw('result')).toMatchObject({
      level: 'warn',
      monitor: 'api',
      status: 'down',
      code: 'CONNECT_REFUSED',
    })
    run.process.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    const lines = run
      .out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toMatchObject({ level: 'info', event: 'engine.started', service: 'shop', monitors: 1 })
    expect(lines.at(-1)).toMatchObject({ event: 'engine.stopped' })
    expect(lines.every(({ time, level }) => !Number.isNaN(Date.parse(time)) && level !== 'debug')).toBe(true)
  })

  it('brings up the demo, keeps its history apart, and says how to break it', async () => {
    const folder = temporaryFolder()
    const run = vedette(['run', '--demo', '--verbose'], folder)
    await run.saw('state')
    run.process.kill('SIGTERM')
    expect(await run.ended).toBe(0)
    expect(run.err()).toContain('Break it: curl -X POST')
    expect(run.out()).toContain('"history":".vedette/demo.db"')
  })

  it.each([
    [['--history', 'vedette.config.json'], /no SQLite file .*; move it away, or name another file/],
    [['--history', 'vedette.config.json/h.db'], /no folder can be made for the history .*; name another file/],
    [['--history', 'folder.db'], /cannot be used: it cannot be opened/],
    [['--config', 'none.json'], /none\.json does not exist/],
    [['--view', 'pretty'], /--view: expected live, json or auto, got pretty/],
    [['--view', 'live'], /expected a terminal on standard output, got none: use --view json/],
  ])('exits with 2 and says what to do where it cannot start: %j', async (args, words) => {
    const { url } = await server()
    const folder = folderFor(url)
    mkdirSync(path.join(folder, 'folder.db'))
    const run = vedette(['run', ...args], folder)
    expect([await run.ended, run.out()]).toEqual([2, ''])
    expect(run.err()).toMatch(words)
  })
})
