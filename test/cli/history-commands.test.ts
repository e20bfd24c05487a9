import { beforeAll, describe, expect, test } from 'vitest'
import { timelineOf } from '../../lib/cli/timeline.ts'
import { timelineMarkdown } from '../../lib/cli/timeline-view.ts'
import { oneLine } from '../../lib/decide/plain.ts'
import { hourMs, openForWriting } from '../../lib/local/history-schema.ts'
import { HistoryStore, type StoredTransition } from '../../lib/local/history-store.ts'
import { tempFile, tempFolder, vedette } from '../support/cli.ts'
import { minuteMs, minutes } from '../support/history.ts'
import { httpResult } from '../support/results.ts'

/** Silent after a quarter of an hour: a machine may be slow. */
const monitor = (id: string, more: object = {}) => ({
  id,
  kind: 'http',
  url: `http://${id}.test/`,
  every: '5m',
  ...more,
})
const config = tempFile(
  'objectives.json',
  JSON.stringify({
    service: 'shop',
    monitors: [
      monitor('api', { slo: { objective: 99.9 } }),
      monitor('web', { slo: { objective: 99 } }),
      monitor('cart', { maintenance: [{ start: new Date(Date.now() - hourMs).toISOString(), for: '1d' }] }),
      monitor('old'),
    ],
  }),
)
const file = `${tempFolder()}/objectives.db`
const change = (
  one: Partial<StoredTransition> & Pick<StoredTransition, 'monitor' | 'to' | 'atMs'>,
): StoredTransition => ({
  ...{ from: 'up', firstAtMs: one.atMs, muted: false },
  ...one,
})
const cause = { code: 'HTTP_TIMEOUT', message: 'expected a reply, got <b>nothing</b>\nin 5s' }

/** Three hours up to now: `api` is down for the last ten minutes, `cart` for five in maintenance, `old` has had nothing for an hour. */
beforeAll(() => {
  const db = openForWriting(file)
  const start = Date.now() - 3 * hourMs
  const store = new HistoryStore(db)
  store.append({
    results: [
      ...minutes('api', start, 180, (i) => (i >= 170 ? 'down' : 'up')),
      ...minutes('web', start, 180).map((result, i) => ({
        ...result,
        durationMs: i % 3 === 0 ? 300 + (i % 7) : 20 + (i % 5),
      })),
      ...minutes('cart', start, 180, (i) => (i >= 175 ? 'down' : 'up')),
      httpResult('old', start + 2 * hourMs),
    ],
    transitions: [
      ...['api', 'web', 'cart'].map((id) => change({ monitor: id, from: 'pending', to: 'up', atMs: start })),
      change({ monitor: 'api', to: 'down', atMs: start + 172 * minuteMs, firstAtMs: start + 170 * minuteMs, cause }),
      change({
        monitor: 'cart',
        to: 'down',
        atMs: start + 177 * minuteMs,
        firstAtMs: start + 175 * minuteMs,
        muted: true,
        cause,
      }),
    ],
    events: [
      { atMs: start + 171 * minuteMs, kind: 'change', detail: { text: 'deployed 1.4.2', url: 'https://ci.test/7' } },
      {
        ...{ atMs: start + 173 * minuteMs, kind: 'failover' },
        detail: {
          type: 'swapped',
          failover: 'live',
          to: 'two',
          by: 'auto',
          tookMs: 1234,
          outcome: { kind: 'moved', epoch: 2 },
        },
      },
      { atMs: start + 174 * minuteMs, kind: 'from the future', detail: { some: 'thing' } },
    ],
  })
  db.close()
})

const ask = (command: string, ...args: string[]) => {
  const given = command === 'timeline' ? [] : ['--config', config]
  return vedette([command, ...given, '--history', file, ...args])
}

describe('vedette budget', () => {
  test('says which change may not stay, and why, and exits with 1', async () => {
    const { code, stdout, stderr } = await ask('budget')
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toMatch(/^decision +monitor +objective +left +burns +gone in\nroll back +api +99.9 % over 30d/)
    expect(stdout).toMatch(/\nkeep +web +99 % over 30d +100 % +0× in 1h +–/)
    expect(stdout).toMatch(/why {5}the 1h pair burns: 1\d\d× over 1h and 1000× over 5m, where 14.4× is a page/)
    expect(stdout).toMatch(/budget {2}43m 12s of downtime; 1?\dm/)
    expect(stdout.endsWith('shop: roll back\n')).toBe(true)
  })

  test('keeps what is well, in detail where it is asked for', async () => {
    const { code, stdout } = await ask('budget', '--monitor', 'web', '--strict')
    expect(code).toBe(0)
    expect(stdout).toContain('web: keep\n  why     100 % of the budget is left and nothing burns')
    expect(stdout).toContain('not watched before')
  })

  test('judges what came since a deployment', async () => {
    const { code, stdout } = await ask('budget', '-m', 'web', '--since', '5m', '--strict')
    expect({ code, stdout }).toMatchObject({ code: 1 })
    expect(stdout).toMatch(/only \d votes since then: wait for 10/)
    expect((await ask('budget', '-m', 'web', '--since', '5m')).code).toBe(0)
    expect((await ask('budget', '-m', 'web', '--since', '30m', '--strict')).code).toBe(0)
  })

  test('is data for pipelines', async () => {
    const { decision, budgets } = JSON.parse((await ask('budget', '--json')).stdout)
    expect(decision).toBe('roll back')
    expect(
      budgets.map((one: { monitor: string; verdict: { decision: string } }) => [one.monitor, one.verdict.decision]),
    ).toEqual([
      ['api', 'roll back'],
      ['web', 'keep'],
    ])
    expect(budgets[0].verdict.reasons[0]).toMatchObject({
      code: 'burning',
      pair: '1h',
      severity: 'page',
      burnRate: 14.4,
    })
  })

  test.each([
    [['--monitor', 'old'], 'old has an "slo"'],
    [['--monitor', 'apj'], 'did you mean "api"?'],
    [['--since', 'yesterday'], '--since: expected a time such as'],
    [['--since', '10'], 'got "10" (did you mean "10m"?)'],
    [['--since', '4d'], '--since: expected a time within the last 3 days, got 4d'],
    [['--since', '2999-01-01'], 'expected a time that has come'],
    [
      ['--history', '/nowhere/at/all.db'],
      'there is no history /nowhere/at/all.db: start "vedette run" in this folder first',
    ],
    [['--history', config], 'it is no SQLite file'],
  ])('says what is wrong with %j, and exits with 2', async (args, message) => {
    const { code, stdout, stderr } = await ask('budget', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})

describe('vedette status', () => {
  test('is one screen, worst first, and exits with 1 where something needs a person', async () => {
    const { code, stdout } = await ask('status')
    expect(code).toBe(1)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toBe('shop: NOT RUNNING. Nothing is watched now: start "vedette run" (or npm start)')
    expect(lines.shift()).toBeDefined()
    expect(lines[0]).toMatch(/^as of .* UTC, .* ago: 1 down · 1 silent · 1 burning · 1 muted · 1 well$/)
    expect(lines.slice(2).map((line) => line.slice(0, 15).trim())).toEqual([
      'DOWN     api',
      'SILENT   old',
      'BURNING  api',
      'MUTED    cart',
    ])
    expect(lines[2]).toMatch(/CONNECT_REFUSED/)
    expect(lines[3]).toContain('no result since then: is the engine running?')
    expect(lines[5]).toContain('down, in maintenance.')
    expect(lines[4]).toMatch(/page: 1\d\d× over 1h, \d\d(\.\d)? % of its budget left \(vedette budget -m api\)/)
  })

  test('is data too', async () => {
    const { monitors } = JSON.parse((await ask('status', '--json')).stdout)
    expect(
      monitors.map((one: { id: string; state: string; silent: boolean }) => [one.id, one.state, one.silent]),
    ).toEqual([
      ['api', 'down', false],
      ['web', 'up', false],
      ['cart', 'down', false],
      ['old', 'up', true],
    ])
  })
})

test('vedette latency shows percentiles, the tail and two groups', async () => {
  const { code, stdout } = await ask('latency', '--since', '4h')
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /web +180 +2\d ms +30\d ms +30\d ms +30\d ms +1\d\.\d× {2}two groups: 22 ms \(67 %\) and 303 ms \(33 %\)/,
  )
  // Ten of its 180 runs failed.
  expect(stdout).toMatch(/api +170 /)
  expect(stdout).toMatch(/old +1 +7\d ms +– .*fewer than 100 runs/)
})

describe('vedette timeline', () => {
  test('is everything that happened, in Markdown', async () => {
    const { code, stdout } = await ask('timeline', '--from', '1h')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^# Timeline, .* UTC\n\n## Summary\n\n- \*\*api\*\* was down from .*, still down at the end, after 1\dm/,
    )
    expect(stdout).toMatch(/- failover live moved to two \(record written in 1234 ms\) at \d\d:\d\d:\d\d\./)
    const happened = stdout.slice(stdout.indexOf('## What happened'), stdout.indexOf('## For the review'))
    expect(
      [...happened.matchAll(/^- \d\d:\d\d:\d\d \*\*(.*?)\*\* (\w+)/gm)].map(([, who, what]) => `${who} ${what}`),
    ).toEqual(
      ['change deployed', 'api down', 'failover live moved', 'from the future {', 'cart down']
        .map((line) => line.replace(' {', ' '))
        .filter((line) => !line.startsWith('from')),
    )
    expect(happened).toContain('**from the future** {"some":"thing"}')
  })

  test('takes what peers said as text', async () => {
    const { stdout } = await ask('timeline', '--from', '1h', '--monitor', 'api')
    expect(stdout).toContain('HTTP_TIMEOUT: expected a reply, got \\<b\\>nothing\\</b\\> in 5s')
    expect(stdout).not.toContain('**cart**')
  })

  test('of a time without anything says so, and of a wrong one what is wrong', async () => {
    const { stdout } = await ask('timeline', '--from', '2020-01-01', '--to', '2020-01-02T12:00')
    expect(stdout).toContain('# Timeline, 2020-01-01 00:00:00 to 2020-01-02 12:00:00 UTC')
    expect(stdout).toContain('Nothing was down and nothing moved.')
    const typo = await ask('timeline', '--monitor', 'apii')
    expect(typo).toMatchObject({ code: 2, stdout: '' })
    expect(typo.stderr).toContain('no monitor has the id "apii": did you mean "api"?')
    const { code, stderr } = await ask('timeline', '--from', '1h', '--to', '2h')
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'vedette: --from: expected a time before --to\n' })
  })
})

describe('a timeline', () => {
  test('says in its summary who could not be told', () => {
    const detail = { type: 'monitor.down', route: 'page-1', text: 'open: api is down', outcome: 'refused' }
    const events = [1, 2].map((atMs) => ({ atMs, kind: 'notice', detail }))
    const text = timelineMarkdown(timelineOf([], [], events, { fromMs: 0, toMs: 10 }))
    expect(text.match(/- Vedette could not tell page-1: see below/g)).toHaveLength(1)
    expect(text).not.toContain('Nothing was down')
    const odd = timelineOf([], [], [{ atMs: 1, kind: 'notice', detail: { ...detail, route: 'a*b*' } }], {
      fromMs: 0,
      toMs: 10,
    })
    expect(timelineMarkdown(odd)).toContain('- Vedette could not tell a\\*b\\*: see below')
    expect(timelineMarkdown(odd, oneLine)).toContain('- Vedette could not tell a*b*: see below')
  })

  const at = (minute: number) => Date.parse('2026-11-20T23:50:00Z') + minute * minuteMs
  const range = { fromMs: at(0), toMs: at(60) }

  test('ends an outage at the first success, and begins one that was there before at its own start', () => {
    const before = [change({ monitor: 'api', to: 'down', atMs: at(-30), cause })]
    const up = change({ monitor: 'api', from: 'down', to: 'up', atMs: at(12), firstAtMs: at(5) })
    const again = change({ monitor: 'api', to: 'down', atMs: at(22), firstAtMs: at(20) })
    expect(timelineOf([up, again], before, [], range).outages).toEqual([
      { monitor: 'api', fromMs: at(0), toMs: at(5), sinceMs: at(-30), muted: false, cause: expect.any(String) },
      { monitor: 'api', fromMs: at(20), muted: false },
    ])
  })

  test('counts the whole of an outage that began before it, and none that was over then as one of no time', () => {
    const before = [change({ monitor: 'api', to: 'down', atMs: at(-30), firstAtMs: at(-31), cause })]
    const up = change({ monitor: 'api', from: 'down', to: 'up', atMs: at(12), firstAtMs: at(9) })
    const text = timelineMarkdown(timelineOf([up], before, [], range), oneLine)
    expect(text).toContain('**api** was down before, from 2026-11-20 23:19:00, for 40m, until 23:59:00.')
    expect(text).toContain('**api** up again, down for 40m')
    const late = change({ monitor: 'api', from: 'down', to: 'up', atMs: at(1), firstAtMs: at(-1) })
    expect(timelineOf([late], before, [], range).outages).toMatchObject([{ fromMs: at(0), toMs: at(0) }])
  })

  test('is Markdown for a file, and read as it is in a terminal', () => {
    const odd = { code: 'ASSERTION', message: 'expected ["127.0.0.1"], got *nothing*' } as const
    const found = timelineOf([change({ monitor: 'a_b', to: 'down', atMs: at(1), cause: odd })], [], [], range)
    expect(timelineMarkdown(found)).toContain('down: expected \\["127.0.0.1"\\], got \\*nothing\\*')
    expect(timelineMarkdown(found, oneLine)).toContain('down: expected ["127.0.0.1"], got *nothing*')
  })

  test('of more than one day has its days', () => {
    const down = change({ monitor: 'api', to: 'down', atMs: at(1), cause })
    const up = change({ monitor: 'api', from: 'down', to: 'up', atMs: at(30) })
    const text = timelineMarkdown(timelineOf([down, up], [], [], range))
    expect(text).toContain('### 2026-11-20\n\n- 23:51:00 **api** down')
    expect(text).toContain('\n\n### 2026-11-21\n\n- 00:20:00 **api** up again, down for 29m')
  })
})
