import type { IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPublisher, mostQueued, putMetricsTo } from '../../lib/act/cloudwatch.ts'
import type { Datum } from '../../lib/decide/votes.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'

const minute = (n: number) => Date.UTC(2026, 10, 21, 13, n)

function vote(monitor: string, atMs = minute(0), more: Partial<Datum> = {}): Datum {
  return {
    ...{ metric: 'Down', dimensions: { Monitor: monitor }, atMs, values: [1], unit: 'Count', homeOnly: false },
    ...more,
  }
}
const votes = (count: number, atMs = minute(0)) => Array.from({ length: count }, (_, i) => vote(`m${i}`, atMs))

interface Call {
  region: string
  isGzip: boolean
  body: { Namespace: string; MetricData: Record<string, unknown>[] }
}

/** A CloudWatch that does as it is told: an HTTP status with an error's name, silence, or a connection cut after the call. */
type Behaviour = 'ok' | 'hang' | 'cut' | [status: number, name: string]

let server: LoopbackServer
let calls: Call[]
let behave: (region: string, nth: number) => Behaviour

beforeEach(async () => {
  calls = []
  behave = () => 'ok'
  server = await startHttpServer(async (request, response) => {
    const call = await readCall(request)
    calls.push(call)
    const behaviour = behave(call.region, calls.length)
    if (behaviour === 'hang') return
    if (behaviour === 'cut') return void response.destroy()
    const [status, name] = behaviour === 'ok' ? [200, undefined] : behaviour
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(name ? JSON.stringify({ __type: name, message: 'no' }) : '')
  })
  vi.stubEnv('AWS_ENDPOINT_URL', server.url)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.close()
})

async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const isGzip = request.headers['content-encoding'] === 'gzip'
  const bytes = isGzip ? gunzipSync(Buffer.concat(chunks)) : Buffer.concat(chunks)
  const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
  return { region, isGzip, body: JSON.parse(bytes.toString()) }
}

const publisher = (regions = ['us-west-2']) => createPublisher(regions, (region) => putMetricsTo(region, 'Vedette'))
const monitorsOf = ({ body }: Call) =>
  body.MetricData.map(({ Dimensions }) => (Dimensions as { Value: string }[])[0]?.Value)

test('a vote reaches every controller region, with its own time', async () => {
  const reports = await publisher(['us-west-2', 'eu-central-1'])([vote('api', minute(7))])
  expect(reports).toEqual(['us-west-2', 'eu-central-1'].map((region) => ({ region, sent: 1, queued: 0, dropped: 0 })))
  expect(calls.map(({ region }) => region).sort()).toEqual(['eu-central-1', 'us-west-2'])
  expect(calls[0]?.body).toEqual({
    Namespace: 'Vedette',
    MetricData: [
      {
        MetricName: 'Down',
        Dimensions: [{ Name: 'Monitor', Value: 'api' }],
        Timestamp: minute(7) / 1000,
        Unit: 'Count',
        Value: 1,
      },
    ],
  })
})

test('what is for home alone goes to the first controller only', async () => {
  const more: Partial<Datum> = { metric: 'Duration', values: [10, 20], unit: 'Milliseconds', homeOnly: true }
  const reports = await publisher(['us-west-2', 'eu-central-1'])([vote('api', minute(0), more)])
  expect(reports.map(({ sent }) => sent)).toEqual([1, 0])
  expect(calls).toMatchObject([{ region: 'us-west-2', body: { MetricData: [{ Values: [10, 20] }] } }])
})

test('calls hold at most 1,000 datums and are compressed', async () => {
  const [report] = await publisher()(votes(2001))
  expect(report).toMatchObject({ sent: 2001, queued: 0 })
  expect(calls.map(({ body }) => body.MetricData.length)).toEqual([1000, 1000, 1])
  expect(calls.map(({ isGzip }) => isGzip)).toEqual([true, true, false])
})

test.each<[string, Behaviour]>([
  ['throttled', [400, 'ThrottlingException']],
  ['answered with a 503', [503, 'ServiceUnavailable']],
  ['denied', [403, 'AccessDenied']],
])('what is %s is kept, called for once, and sent later with its own time', async (_how, behaviour) => {
  const publish = publisher()
  behave = () => behaviour
  expect(await publish([vote('early', minute(0))])).toMatchObject([{ sent: 0, queued: 1, dropped: 0 }])
  expect(calls).toHaveLength(1)
  expect(await publish([vote('middle', minute(1))])).toMatchObject([{ sent: 0, queued: 2, dropped: 0 }])
  expect(calls).toHaveLength(2)
  behave = () => 'ok'
  expect(await publish([vote('late', minute(2))])).toMatchObject([{ sent: 3, queued: 0, dropped: 0 }])
  const sent = calls.slice(2).flatMap(({ body }) => body.MetricData)
  expect(calls.slice(2).flatMap(monitorsOf)).toEqual(['late', 'early', 'middle'])
  expect(sent.map(({ Timestamp }) => Timestamp)).toEqual([minute(2), minute(0), minute(1)].map((ms) => ms / 1000))
  expect(await publish([])).toMatchObject([{ sent: 0, queued: 0 }])
})

test('a region where nobody listens keeps its votes', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${await freePort()}`)
  const [report] = await publisher()(votes(3))
  expect(report).toMatchObject({ queued: 3, dropped: 0, message: expect.stringContaining('ECONNREFUSED') })
})

test.each<[string, Behaviour]>([
  ['cut off after it was sent', 'cut'],
  ['lost inside CloudWatch', [500, 'InternalServiceFault']],
  ['lost behind a gateway', [504, 'Unknown']],
  ['refused for what it holds', [400, 'InvalidParameterValueException']],
])('a call that was %s is never made again, and counted', async (_how, behaviour) => {
  const publish = publisher()
  behave = () => behaviour
  expect(await publish([vote('api')])).toMatchObject([{ sent: 0, queued: 0, dropped: 1 }])
  behave = () => 'ok'
  expect(await publish([])).toMatchObject([{ sent: 0 }])
  expect(calls).toHaveLength(1)
})

test('a region that hangs costs a bounded time, and the other region gets its votes', async () => {
  behave = (region) => (region === 'us-west-2' ? 'hang' : 'ok')
  const [home, standby] = await publisher(['us-west-2', 'eu-central-1'])([vote('api')])
  expect(home).toMatchObject({ sent: 0, queued: 0, dropped: 1, message: expect.stringContaining('unknown') })
  expect(standby).toMatchObject({ sent: 1 })
})

test('the queue is bounded: the oldest go first, and are counted', async () => {
  const put = vi.fn().mockRejectedValue({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } })
  const publish = createPublisher(['us-west-2'], () => put)
  await publish(votes(mostQueued, minute(0)))
  expect(await publish(votes(700, minute(1)))).toMatchObject([{ queued: mostQueued, dropped: 700 }])
  put.mockReset().mockResolvedValue(undefined)
  expect(await publish([])).toMatchObject([{ sent: mostQueued, queued: 0 }])
  const sent: Datum[] = put.mock.calls.flatMap(([datums]) => datums)
  expect(sent.filter(({ atMs }) => atMs === minute(1))).toHaveLength(700)
})

test('after a refusal no more calls are made until the next time', async () => {
  const put = vi.fn().mockRejectedValue({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } })
  const [report] = await createPublisher(['us-west-2'], () => put)(votes(5000))
  expect(put).toHaveBeenCalledTimes(1)
  expect(report).toMatchObject({ queued: 5000 })
})
