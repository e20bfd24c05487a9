import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { vedette as ask } from '../support/cli.ts'
import { temporaryFolder } from '../support/history.ts'
import { startHttpServer } from '../support/http-server.ts'
import { type PagerDuty, startPagerDuty } from '../support/pagerduty-server.ts'
import { type Slack, startSlack } from '../support/slack-server.ts'
import { vedette } from '../support/vedette.ts'

const key = 'k'.repeat(32)
let pagerDuty: PagerDuty
let slack: Slack
let site: Awaited<ReturnType<typeof startHttpServer>>
let status = 200

beforeEach(async () => {
  status = 200
  pagerDuty = await startPagerDuty([key])
  slack = await startSlack()
  site = await startHttpServer((_, response) => response.writeHead(status).end('ok'))
})
afterEach(async () => {
  await Promise.all([pagerDuty.close(), slack.close(), site.close()])
})

/** A folder with a config that watches the site every three seconds. */
function folder(routes: Record<string, unknown> = {}): string {
  const made = temporaryFolder()
  const config = {
    service: 'shop',
    monitors: [
      {
        ...{ id: 'api', kind: 'http', url: site.url, every: '3s', timeout: '2900ms', retries: 0 },
        thresholds: { down: 2, up: 2 },
        runbook: 'https://runbooks.example.com/api',
      },
    ],
    routes: {
      page: [{ kind: 'pagerduty', routingKey: { env: 'PD_KEY' }, url: pagerDuty.url }],
      ticket: [{ kind: 'slack', token: { env: 'SLACK_TOKEN' }, channel: 'C0123456789', url: `${slack.url}/api` }],
      ...routes,
    },
  }
  writeFileSync(path.join(made, 'vedette.config.json'), JSON.stringify(config))
  return made
}

const env = { PD_KEY: key, SLACK_TOKEN: 'xoxb-1' }
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 50 })

describe('vedette notify test', () => {
  test('opens and ends an alert on every route, and exits with 0', async () => {
    const { code, stdout } = await ask(['notify', 'test'], { cwd: folder(), env: { ...process.env, ...env } })
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^ok {6}page-1 \(pagerduty\).*\nok {6}ticket-1 \(slack\)/),
    ])
    expect(pagerDuty.opened).toEqual(pagerDuty.resolved)
    expect(pagerDuty.opened).toHaveLength(1)
    expect(slack.posts[0]?.edits).toHaveLength(1)
  })

  test('a route that cannot be reached is named with its reason, and the exit code is 1', async () => {
    const wrong = { ...process.env, ...env, PD_KEY: 'w'.repeat(32) }
    const { code, stdout, stderr } = await ask(['notify', 'test', '--json'], { cwd: folder(), env: wrong })
    const { routes } = JSON.parse(stdout)
    expect(code).toBe(1)
    expect(routes).toMatchObject([
      { route: 'page-1', ok: false, reason: expect.stringMatching(/^400/) },
      { route: 'ticket-1', ok: true },
    ])
    expect(stdout + stderr).not.toContain('wwww')
  })

  test('a key that is not there is said by its name', async () => {
    const { code, stdout } = await ask(['notify', 'test', '--route', 'page'], {
      cwd: folder(),
      env: { ...process.env, PD_KEY: '' },
    })
    expect([code, stdout]).toEqual([1, expect.stringContaining('the environment variable PD_KEY is not set')])
  })

  test('a route that is not there is a usage error', async () => {
    const { code, stderr } = await ask(['notify', 'test', '--route', 'pager'], { cwd: folder() })
    expect([code, stderr]).toEqual([2, expect.stringContaining('expected one of page, ticket, page-1, ticket-1')])
  })
})

describe('vedette run', () => {
  test('pages when a monitor is down, with what was changed before, and resolves when it is back, across a restart', {
    timeout: 240_000,
  }, async () => {
    const cwd = folder()
    const first = vedette(['run'], cwd, env)
    await first.saw('state')
    const noted = await ask(['notify', 'change', 'deployed v42', '--url', 'https://ci.example.com/42'], { cwd })
    expect(noted.code).toBe(0)
    await eventually(() => expect(pagerDuty.changes).toEqual(['Changed: deployed v42']))
    status = 500
    await eventually(() => expect(pagerDuty.opened).toEqual(['vedette/shop/api']))
    const trigger = pagerDuty.received.find(({ path: asked }) => asked === '/v2/enqueue')?.json
    expect(trigger).toMatchObject({
      payload: {
        summary: expect.stringMatching(/^api is down: ASSERTION \(assert\): expected .* got 500/),
        custom_details: {
          'Changed before': expect.stringContaining('deployed v42'),
          'Seen by': '1 of 1 vantage: local',
        },
      },
      links: [{ text: 'runbook', href: 'https://runbooks.example.com/api' }],
    })
    first.process.kill('SIGTERM')
    expect(await first.ended).toBe(0)

    const second = vedette(['run'], cwd, env)
    await second.saw('engine.started')
    status = 200
    await eventually(() => expect(pagerDuty.resolved).toEqual(['vedette/shop/api']))
    expect(pagerDuty.opened).toEqual(['vedette/shop/api'])
    second.process.kill('SIGTERM')
    expect(await second.ended).toBe(0)
    expect(first.out() + first.err() + second.out() + second.err()).not.toContain(key)
  })

  test('goes on probing where nobody can be told', { timeout: 180_000 }, async () => {
    status = 500
    const run = vedette(['run', '--verbose'], folder(), {})
    const { reason } = (await run.saw('notify.undelivered')) as { reason: string }
    expect(reason).toContain('the environment variable PD_KEY is not set')
    const results = () => run.out().split('"event":"result"').length
    const before = results()
    await eventually(() => expect(results()).toBeGreaterThan(before + 2))
  })
})
