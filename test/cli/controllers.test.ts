import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ControlRequest } from '../../lib/decide/failover-asset.ts'
import { tempFile, vedette } from '../support/cli.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'

const config = {
  service: 'shop',
  vantages: ['us-east-1', 'eu-west-1', 'ap-southeast-1'],
  controllers: ['us-west-2', 'eu-central-1'],
  monitors: [{ id: 'api', kind: 'http', url: 'https://api.example.com/' }],
  failovers: ['record', 'health-check'].map((how) => ({
    ...{ id: how, hostedZoneId: 'Z1', zone: 'example.com', record: `${how}.example.com`, check: 'api', switch: how },
    endpoints: [
      { id: 'one', region: 'external', A: ['192.0.2.1'] },
      { id: 'two', region: 'external', A: ['192.0.2.2'] },
    ],
  })),
}

const status = [
  {
    ...{ id: 'record', record: 'record.example.com', mode: 'auto', locked: false },
    endpoints: [
      { id: 'one', active: true, up: ['us-east-1'], down: [], none: [] },
      { id: 'two', active: false, up: ['us-east-1'], down: [], none: [] },
    ],
  },
]
const moved = { kind: 'move', to: 'two', why: 'request', page: false, reasons: [] }

/** What a region's function does with a request: give an answer, throw, or not be there. */
type Region = (asked: ControlRequest) => unknown
class NotDeployed extends Error {}
class Lost extends Error {}

/** The commands that people have, against the Lambda API of two regions. */
describe('vedette failover --aws', { timeout: 30_000 }, () => {
  let lambda: LoopbackServer
  let asked: { region: string; path: string; asked: ControlRequest }[]
  let regions: Record<string, Region>
  let file: string
  const answer: Region = ({ do: what }) => (what === 'to' ? moved : status)

  beforeAll(async () => {
    file = tempFile('controllers.config.json', JSON.stringify(config))
    lambda = await startHttpServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      // The credential's scope names the region (SigV4), as the URL does in AWS.
      const region = /Credential=[^/]+\/\d+\/([\w-]+)\/lambda\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
      asked.push({ region, path: decodeURIComponent(request.url ?? ''), asked: JSON.parse(body) })
      try {
        response.end(JSON.stringify(regions[region]?.(JSON.parse(body)) ?? null))
      } catch (error) {
        if (error instanceof Lost) return void response.destroy()
        if (error instanceof NotDeployed) return void response.writeHead(404).end('ResourceNotFoundException')
        const thrown = { errorType: 'Error', errorMessage: (error as Error).message }
        response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end(JSON.stringify(thrown))
      }
    })
  })
  beforeEach(() => {
    asked = []
    regions = { 'us-west-2': answer, 'eu-central-1': answer }
  })
  afterAll(() => lambda.close())

  const failover = (...args: string[]) =>
    vedette(['failover', ...args, '--aws', '-c', file], {
      env: { AWS_ENDPOINT_URL: lambda.url, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'not-to-be-shown' },
    })
  const regionsAsked = () => asked.map(({ region }) => region).sort()

  test('status asks every controller by its name, and shows what home sees', async () => {
    const { code, stdout } = await failover('status')
    expect({ code, regions: regionsAsked() }).toEqual({ code: 0, regions: ['eu-central-1', 'us-west-2'] })
    expect(asked[0]?.path).toBe('/2015-03-31/functions/vedette-shop-failover/invocations')
    expect(stdout).toContain('record.example.com → one')
  })

  test('status without home is that of the other controller, and says what is missing', async () => {
    regions['us-west-2'] = () => {
      throw new NotDeployed()
    }
    const { code, stdout, stderr } = await failover('status')
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('→ one') })
    expect(stderr).toMatch(/us-west-2: .*404.*is vedette-shop-failover deployed there/)
    expect(stderr).not.toContain('not-to-be-shown')
  })

  test('status says where another controller stands elsewhere: its lock, or its state, is its own', async () => {
    const [record] = status
    const moved = { ...record, id: 'health-check', record: 'health-check.example.com' }
    const at = (active: string) => moved.endpoints?.map((one) => ({ ...one, active: one.id === active }))
    regions['us-west-2'] = () => [record, { ...moved, endpoints: at('one') }]
    regions['eu-central-1'] = () => [record, { ...moved, latched: true, endpoints: at('two') }]
    const { code, stdout } = await failover('status')
    expect(code).toBe(1)
    expect(stdout.split('\n').filter((line) => line.includes(' at '))).toEqual([
      '⇄ health-check at eu-central-1: health-check.example.com → two (LATCHED)',
    ])
    expect(JSON.parse((await failover('status', '--json')).stdout)).toMatchObject({
      failovers: [{ id: 'record' }, { id: 'health-check', endpoints: at('one') }],
      elsewhere: [{ where: 'eu-central-1', id: 'health-check', active: 'two', locked: false, latched: true }],
    })
  })

  test('status is no success while the active endpoint is down, for whichever controller', async () => {
    const [record] = status
    const [one, two] = record?.endpoints ?? []
    regions['eu-central-1'] = () => [{ ...record, endpoints: [{ ...one, up: [], down: ['us-east-1'] }, two] }]
    expect(await failover('status')).toMatchObject({ code: 1, stderr: '' })
  })

  test('a move is asked of home alone, and of the other only where home is not there', async () => {
    expect(await failover('to', 'two', '-f', 'record', '--reason', 'drain')).toMatchObject({ code: 0 })
    expect(asked).toMatchObject([
      { region: 'us-west-2', asked: { do: 'to', failover: 'record', endpoint: 'two', reason: 'drain' } },
    ])
    regions['us-west-2'] = () => {
      throw new NotDeployed()
    }
    expect(await failover('to', 'two', '-f', 'record')).toMatchObject({ code: 0 })
    expect(asked.slice(1).map(({ region }) => region)).toEqual(['us-west-2', 'eu-central-1'])
  })

  test('a drill is run by home alone, and that it passed is noted in every controller', async () => {
    const drill = { outcome: 'passed', detail: 'fine', atMs: 7, seen: [], steps: [] }
    const drills = () =>
      vedette(['drill', 'record', '--aws', '-c', file], {
        env: { AWS_ENDPOINT_URL: lambda.url, AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'not-to-be-shown' },
      })
    regions['us-west-2'] = ({ do: what }) => (what === 'drill' ? drill : { done: what })
    regions['eu-central-1'] = () => {
      throw new NotDeployed()
    }
    const { code, stderr } = await drills()
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('it passed, which is not noted in eu-central-1: '),
    })
    expect(asked.map((one) => [one.region, one.asked.do]).sort()).toEqual([
      ['eu-central-1', 'drilled'],
      ['us-west-2', 'drill'],
      ['us-west-2', 'drilled'],
    ])
    expect(asked.at(-1)?.asked).toEqual({ do: 'drilled', failover: 'record', atMs: 7 })
    asked = []
    regions['us-west-2'] = () => ({ ...drill, outcome: 'failed' })
    expect(await drills()).toMatchObject({ code: 1 })
    expect(asked.map((one) => one.asked.do)).toEqual(['drill'])
  })

  test('a move whose reply is lost may be under way: no other controller is asked for it', async () => {
    regions['us-west-2'] = () => {
      throw new Lost()
    }
    const { code, stderr } = await failover('to', 'two', '-f', 'record')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('it may be under way') })
    expect(new Set(regionsAsked())).toEqual(new Set(['us-west-2']))
  })

  test('what a controller refuses is not asked of the other', async () => {
    regions['us-west-2'] = () => {
      throw new Error('expected the id of a failover (record), got "recrod"')
    }
    const { code, stderr } = await failover('to', 'two', '-f', 'recrod')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('got "recrod"') })
    expect(regionsAsked()).toEqual(['us-west-2'])
  })

  test('a failover that moves by health checks is moved in every controller', async () => {
    const { code, stdout } = await failover('to', 'two', '-f', 'health-check')
    expect({ code, regions: regionsAsked() }).toEqual({ code: 0, regions: ['eu-central-1', 'us-west-2'] })
    expect(stdout).toMatch(/us-west-2: move to two[\s\S]*eu-central-1: move to two/)
  })

  test('what moves by health checks is adopted by every controller, each from its own state', async () => {
    expect(await failover('adopt', '-f', 'health-check')).toMatchObject({ code: 0 })
    expect(regionsAsked()).toEqual(['eu-central-1', 'us-west-2'])
    asked = []
    expect(await failover('adopt', '-f', 'record')).toMatchObject({ code: 0 })
    expect(regionsAsked()).toEqual(['us-west-2'])
  })

  test('as JSON, a move in every controller has the answer of each', async () => {
    regions['eu-central-1'] = () => ({ ...moved, kind: 'refuse', code: 'locked' })
    const { code, stdout } = await failover('to', 'two', '-f', 'health-check', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'move',
      controllers: [
        { where: 'us-west-2', answer: { kind: 'move' } },
        { where: 'eu-central-1', answer: { kind: 'refuse', code: 'locked' } },
      ],
    })
  })

  test('lock is written everywhere, and half a lock is said', async () => {
    expect(await failover('lock', '-f', 'record')).toMatchObject({
      code: 0,
      stdout: 'record is locked: nothing moves it\n',
    })
    expect(regionsAsked()).toEqual(['eu-central-1', 'us-west-2'])
    regions['eu-central-1'] = () => {
      throw new Error('the table is gone')
    }
    const half = await failover('lock', '-f', 'record')
    expect(half).toMatchObject({ code: 1, stderr: 'not in eu-central-1: the table is gone\n' })
    asked = []
    const unnamed = await failover('lock')
    expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('name one of record, health-check') })
    expect(asked).toEqual([])
  })

  test('a config without controllers has nobody to ask', async () => {
    const none = tempFile('none.config.json', JSON.stringify({ ...config, controllers: [], failovers: [] }))
    const { code, stderr } = await vedette(['failover', 'status', '--aws', '-c', none])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('nobody in AWS to ask') })
  })
})
