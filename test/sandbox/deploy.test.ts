import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'
import { requirePython } from '../support/python.ts'
import { eventually } from './eventually.ts'
import { leftIn } from './leftovers.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'

const minuteMs = 60_000
const token = 'sandbox-token-7Qx'
const key = 'sandbox-key-9Rz'

let sandbox: Sandbox
let guarded: LoopbackServer
/** Minutes that nothing else uses: after what the schedules themselves may have run. */
let nextMinuteMs = 0

const takeMinute = () => {
  nextMinuteMs += minuteMs
  return nextMinuteMs
}

interface Summary {
  results: number
  down: number
  unknown: number
  metrics: { region: string; sent: number; queued: number; dropped: number; message?: string }[]
}

const probeOf = (vantage: string) => `vedette-shop-probe-${vantage}`
const callVantage = (vantage: string, atMs: number, shard = '1m-0') => {
  const event = { shard, scheduledTime: new Date(atMs).toISOString() }
  return sandbox.aws.invoke<Summary | null>(vantage, probeOf(vantage), event)
}
const callAll = (atMs: number) => Promise.all(sandbox.config.vantages.map((vantage) => callVantage(vantage, atMs)))

type Report = Summary['metrics'][number]
const reportsOf = (summaries: readonly (Summary | null)[]) => summaries.flatMap((one) => one?.metrics ?? [])

/** A busy machine did not answer in a function's time: nobody knows what CloudWatch has. */
const isCutOff = ({ message = '' }: Report) => message.includes(': unknown: ')
const isLate = ({ queued, dropped }: Report) => queued + dropped > 0

/** What came of it, at the fifth try at the latest, where one region was not told in time. Each try is to take minutes of its own. */
async function untilHeard<T>(
  publish: () => Promise<T>,
  reports: (published: T) => Report[],
  isUntold: (report: Report) => boolean,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const published = await publish()
    if (tries === 5 || !reports(published).some(isUntold)) return published
  }
}

/** Has vantages publish a minute that nothing else uses, all of them where not said. */
const publishMinute = (vantages: string[] = sandbox.config.vantages) =>
  untilHeard(
    async () => {
      const atMs = takeMinute()
      return { atMs, summaries: await Promise.all(vantages.map((vantage) => callVantage(vantage, atMs))) }
    },
    ({ summaries }) => reportsOf(summaries),
    isLate,
  )

/** What both controller regions have of a metric at a minute. */
const inBoth = (name: string, dimensions: Record<string, string>, atMs: number) =>
  Promise.all(
    sandbox.config.controllers.map(async (region) => {
      const points = await sandbox.aws.metric(region, name, dimensions, atMs)
      return points.find((point) => point.atMs === atMs)
    }),
  )
const votes = (sum: number, samples: number) => Array(2).fill(expect.objectContaining({ sum, samples }))

describe.skipIf(!(await requirePython()))('deployed into an AWS on loopback', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    guarded = await startHttpServer((request, response) => {
      const isKnown = request.headers.authorization === `Bearer ${token}` && request.headers['x-key'] === key
      response.writeHead(isKnown ? 200 : 403).end()
    })
    sandbox = await startSandbox({
      monitors: [
        {
          ...{ id: 'guarded', kind: 'http', url: guarded.url, auth: { bearer: { secret: 'shop/token' } } },
          headers: { 'x-key': { ssm: '/shop/key' } },
        },
      ],
    })
    for (const region of sandbox.config.vantages) {
      const { json } = sandbox.aws
      await json(region, 'secretsmanager', 'secretsmanager.CreateSecret', { Name: 'shop/token', SecretString: token })
      const parameter = { Name: '/shop/key', Value: key, Type: 'SecureString' }
      await json(region, 'ssm', 'AmazonSSM.PutParameter', parameter)
    }
    await sandbox.deploy()
    nextMinuteMs = Math.ceil(Date.now() / minuteMs) * minuteMs + 30 * minuteMs
  }, 600_000)
  afterAll(async () => {
    await sandbox?.stop()
    await guarded?.close()
  }, 180_000)

  test('the schedule fires in every vantage, and every vote reaches both controllers', async () => {
    const fromMs = Date.now() - 2 * minuteMs
    for (const region of sandbox.config.controllers) {
      await eventually(
        `heartbeats of all vantages in ${region}`,
        async () => {
          const beats = await Promise.all(
            sandbox.config.vantages.map((Vantage) => sandbox.aws.metric(region, 'Heartbeat', { Vantage }, fromMs)),
          )
          return beats.every((points) => points.length > 0) ? beats : undefined
        },
        240_000,
      )
      const [point] = await sandbox.aws.metric(region, 'Down', { Monitor: 'shop-home' }, fromMs)
      expect(point).toMatchObject({ sum: 0 })
    }
  })

  test('with the shop up, every monitor has one vote of each vantage, and none is down', async () => {
    const { atMs, summaries } = await publishMinute()
    expect(summaries).toMatchObject(Array(3).fill({ results: 8, down: 0, unknown: 0 }))
    for (const Monitor of ['shop-home', 'shop-checkout', 'shop-dns', 'guarded'])
      expect(await inBoth('Down', { Monitor }, atMs), Monitor).toEqual(votes(0, 3))
    const [home, standby] = await inBoth('Duration', { Monitor: 'shop-home' }, atMs)
    expect(home?.samples).toBe(3)
    expect(standby).toBeUndefined()
    const days = await inBoth('CertificateDaysRemaining', {}, atMs)
    expect(days).toEqual(Array(2).fill(expect.objectContaining({ maximum: expect.any(Number) })))
  })

  test('with the shop slow, nothing is down, and its duration says why', async () => {
    await sandbox.demo.setBroken('slow', true)
    const { atMs } = await publishMinute()
    await sandbox.demo.setBroken('slow', false)
    expect(await inBoth('Down', { Monitor: 'shop-home' }, atMs)).toEqual(votes(0, 3))
    const [home] = await inBoth('Duration', { Monitor: 'shop-home' }, atMs)
    expect(home?.maximum).toBeGreaterThan(850)
  })

  test('with the shop down, both controllers count one vote of each vantage, and the log has the cause', async () => {
    await sandbox.demo.setBroken('web', true)
    const { atMs, summaries } = await publishMinute()
    await sandbox.demo.setBroken('web', false)
    expect(summaries).toMatchObject(Array(3).fill({ unknown: 0 }))
    expect(await inBoth('Down', { Monitor: 'shop-home' }, atMs)).toEqual(votes(3, 3))
    expect(await inBoth('Down', { Monitor: 'shop-dns' }, atMs)).toEqual(votes(0, 3))
    const [perVantage] = await inBoth('Down', { Monitor: 'shop-home', Vantage: 'eu-west-1' }, atMs)
    expect(perVantage).toMatchObject({ sum: 1, samples: 1 })
    const lines = await sandbox.aws.logLines('eu-west-1', `/aws/lambda/${probeOf('eu-west-1')}`)
    const failed = lines.flatMap((line) => (line.includes('"failure"') ? [JSON.parse(line)] : []))
    expect(failed).toContainEqual(
      expect.objectContaining({
        ...{ monitor: 'shop-home', status: 'down', was: expect.stringMatching(/^(up|degraded)$/) },
        failure: expect.objectContaining({ code: 'ASSERTION', message: expect.stringContaining('500') }),
      }),
    )
  })

  test('a minute that is delivered twice votes once', async () => {
    const { atMs } = await publishMinute()
    expect(await callAll(atMs)).toEqual([null, null, null])
    expect(await inBoth('Down', { Monitor: 'shop-home' }, atMs)).toEqual(votes(0, 3))
    expect(await inBoth('Heartbeat', { Vantage: 'us-east-1' }, atMs)).toEqual(votes(1, 1))
  })

  test('a vantage that dies is missing from its heartbeat, and the others go on', async () => {
    const { atMs } = await publishMinute(['us-east-1', 'eu-west-1'])
    expect(await inBoth('Heartbeat', { Vantage: 'us-east-1' }, atMs)).toEqual(votes(1, 1))
    expect(await inBoth('Heartbeat', { Vantage: 'ap-southeast-1' }, atMs)).toEqual([undefined, undefined])
    expect(await inBoth('Down', { Monitor: 'shop-home' }, atMs)).toEqual(votes(0, 2))
  })

  test.each(['throttle', 'unavailable'] as const)(
    'a CloudWatch that refuses for two minutes (%s) loses nothing',
    async (fault) => {
      onTestFinished(() => sandbox.cloudWatch.set('none'))
      const { minutes, rounds } = await untilHeard(
        async () => {
          const minutes = [takeMinute(), takeMinute(), takeMinute()]
          const rounds: Awaited<ReturnType<typeof callAll>>[] = []
          for (const [i, atMs] of minutes.entries()) {
            sandbox.cloudWatch.set(i < 2 ? fault : 'none')
            rounds.push(await callAll(atMs))
          }
          return { minutes, rounds }
        },
        ({ rounds }) => reportsOf(rounds.flat()),
        isCutOff,
      )
      for (const [i, summaries] of rounds.entries()) {
        expect(summaries).toMatchObject(Array(3).fill({ results: 8, down: 0 }))
        for (const report of reportsOf(summaries)) {
          expect(report.dropped).toBe(0)
          expect(report.queued > 0).toBe(i < 2)
        }
      }
      for (const atMs of minutes) expect(await inBoth('Down', { Monitor: 'shop-home' }, atMs)).toEqual(votes(0, 3))
    },
  )

  test('a CloudWatch that hangs in one region costs the other nothing, and what is lost is counted', async () => {
    onTestFinished(() => sandbox.cloudWatch.set('none', 'us-west-2'))
    sandbox.cloudWatch.set('hang', 'us-west-2')
    const { atMs, summary } = await untilHeard(
      async () => {
        const atMs = takeMinute()
        return { atMs, summary: await callVantage('eu-west-1', atMs) }
      },
      ({ summary }) => reportsOf([summary]).filter(({ region }) => region !== 'us-west-2'),
      isLate,
    )
    expect(summary?.metrics).toMatchObject([
      { region: 'us-west-2', sent: 0, queued: 0, dropped: expect.any(Number) },
      { region: 'eu-central-1', queued: 0, dropped: 0 },
    ])
    const [home, standby] = await inBoth('Down', { Monitor: 'shop-home' }, atMs)
    expect(home).toBeUndefined()
    expect(standby).toMatchObject({ samples: 1 })
  })

  test('a loop below a minute gives one vote of each vantage a minute', async () => {
    const counts = await eventually(
      'a minute with votes of all three loops',
      async () => {
        const points = await sandbox.aws.metric(
          'us-west-2',
          'Down',
          { Monitor: 'shop-port' },
          Date.now() - 5 * minuteMs,
        )
        return points.find(({ samples }) => samples >= 3)
      },
      400_000,
    )
    expect(counts).toMatchObject({ sum: 0, samples: 3 })
  })

  test('no secret is in any log', async () => {
    for (const region of sandbox.config.vantages) {
      const lines = (await sandbox.aws.logLines(region, `/aws/lambda/${probeOf(region)}`)).join('\n')
      expect(lines).toContain('"guarded"')
      expect(lines).not.toContain(token)
      expect(lines).not.toContain(key)
    }
  })

  test('destroyed, it leaves nothing', async () => {
    const beganMs = Date.now()
    await sandbox.destroy()
    for (const region of [...sandbox.config.vantages, ...sandbox.config.controllers])
      expect(await leftIn(region, sandbox.aws, beganMs), region).toEqual({})
  })
})
