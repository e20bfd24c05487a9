import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRoute53 } from '../../lib/act/route53.ts'
import { answerOf, recordSetOf } from '../../lib/decide/swap-records.ts'
import type { Endpoint, Failover } from '../../lib/model/failover.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'

const failover = parseConfig({
  service: 'shop',
  monitors: [{ id: 'api', kind: 'http', url: 'https://api.example.com/' }],
  failovers: [
    {
      ...{ id: 'api', hostedZoneId: 'Z1', zone: 'example.com', record: 'api.example.com', check: 'api' },
      endpoints: [
        { id: 'a', region: 'us-east-1', A: ['192.0.2.1'] },
        { id: 'b', region: 'eu-west-1', CNAME: 'b.example.net' },
      ],
    },
  ],
}).failovers[0] as Failover
const [a, b] = failover.endpoints as [Endpoint, Endpoint]

const xml = (inner: string) => `<?xml version="1.0"?>${inner}`
const namespace = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"'
const set = (name: string, type: string, inner: string) =>
  `<ResourceRecordSet><Name>${name}</Name><Type>${type}</Type>${inner}</ResourceRecordSet>`
const values = (ttl: number, ...all: string[]) =>
  `<TTL>${ttl}</TTL><ResourceRecords>${all.map((one) => `<ResourceRecord><Value>${one}</Value></ResourceRecord>`).join('')}</ResourceRecords>`

/** What the API answers: a status and a body, or nothing at all. */
type Answer = [status: number, body: string] | 'cut'

let server: LoopbackServer
let asked: { method: string; url: string; body: string }[]
let answer: (url: string) => Answer

beforeEach(async () => {
  asked = []
  server = await startHttpServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const url = request.url ?? ''
    asked.push({ method: request.method ?? '', url, body })
    const reply = answer(url)
    if (reply === 'cut') return void response.destroy()
    response.writeHead(reply[0], { 'content-type': 'text/xml' }).end(reply[1])
  })
  vi.stubEnv('AWS_ENDPOINT_URL', server.url)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await server.close()
})

const listing = (sets: string): Answer => [
  200,
  xml(
    `<ListResourceRecordSetsResponse ${namespace}><ResourceRecordSets>${sets}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListResourceRecordSetsResponse>`,
  ),
]
const failure = (status: number, code: string): Answer => [
  status,
  xml(
    `<ErrorResponse ${namespace}><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
  ),
]
const done: Answer = [
  200,
  xml(
    `<ChangeResourceRecordSetsResponse ${namespace}><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-11-21T12:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>`,
  ),
]
const move = [
  ...answerOf(failover, a).map((one) => ({ action: 'DELETE' as const, set: one })),
  ...answerOf(failover, b).map((one) => ({ action: 'CREATE' as const, set: one })),
]

test('what stands at the record and its TXT is listed, and nothing beside it', async () => {
  answer = (url) =>
    url.includes('_vedette')
      ? listing(set('_vedette.api.example.com.', 'TXT', values(60, '&quot;vedette1 …&quot;')))
      : listing(
          set('api.example.com.', 'A', values(60, '192.0.2.1', '192.0.2.2')) +
            set('api.example.com.', 'MX', values(60, '10 mx.example.com')) +
            set('www.example.com.', 'A', values(60, '192.0.2.9')),
        )
  const outcome = await createRoute53(() => 7).list(failover)
  expect(outcome).toMatchObject({
    ...{ kind: 'listed', atMs: 7 },
    sets: [
      { name: 'api.example.com', type: 'A', ttl: 60, values: ['192.0.2.1', '192.0.2.2'] },
      { name: '_vedette.api.example.com', type: 'TXT' },
    ],
  })
})

test('a batch is sent as it is, once, with what was listed to be deleted whole', async () => {
  answer = () => done
  const listed = recordSetOf({
    ...{ Name: 'api.example.com.', Type: 'A', SetIdentifier: 'blue' },
    AliasTarget: { HostedZoneId: 'Z2', DNSName: 'lb.example.net.', EvaluateTargetHealth: true },
  })
  const [, create] = move
  const changes = [{ action: 'DELETE' as const, set: listed }, ...(create ? [create] : [])]
  expect(await createRoute53(Date.now).change(failover, changes)).toEqual({ kind: 'written', changeId: '/change/C1' })
  expect(asked).toHaveLength(1)
  expect(asked[0]).toMatchObject({ method: 'POST', url: '/2013-04-01/hostedzone/Z1/rrset' })
  expect(asked[0]?.body).toMatch(
    /<Action>DELETE<\/Action>.*<SetIdentifier>blue<\/SetIdentifier>.*<EvaluateTargetHealth>true/,
  )
  expect(asked[0]?.body).toMatch(/<Action>CREATE<\/Action>.*<Name>api.example.com.<\/Name><Type>CNAME<\/Type>/)
  expect(asked[0]?.body).not.toContain('UPSERT')
})

test.each<[string, Answer, string]>([
  ['does not match what is there', failure(400, 'InvalidChangeBatch'), 'refused'],
  ['meets another change', failure(400, 'PriorRequestNotComplete'), 'throttled'],
  ['is throttled', failure(400, 'Throttling'), 'throttled'],
  ['is one of too many, whatever that is called', failure(429, 'SlowDown'), 'throttled'],
  ['finds Route 53 busy', failure(503, 'ServiceUnavailable'), 'unknown'],
  ['is not allowed', failure(403, 'AccessDenied'), 'denied'],
  ['names a zone that is not there', failure(404, 'NoSuchHostedZone'), 'denied'],
  ['meets an error inside', failure(500, 'InternalFailure'), 'unknown'],
  ['has its reply lost', 'cut', 'unknown'],
])('a batch that %s: one attempt, and what is known of it', async (_, reply, kind) => {
  answer = () => reply
  expect(await createRoute53(Date.now).change(failover, move)).toMatchObject({ kind })
  expect(asked).toHaveLength(1)
})

test('where nobody listens, nothing was carried out', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${await freePort()}`)
  expect(await createRoute53(Date.now).change(failover, move)).toEqual({
    ...{ kind: 'throttled', message: expect.stringContaining('ECONNREFUSED') },
  })
})

test('what stands beside the answer is told apart, and both calls ask for as much as there may be', async () => {
  answer = () => listing(set('api.example.com.', 'MX', values(60, '10 mx.example.com')))
  const outcome = await createRoute53(() => 7).list(failover)
  expect(outcome).toMatchObject({ kind: 'listed', sets: [], besides: [{ Type: 'MX' }] })
  expect(asked.map(({ url }) => Object.fromEntries(new URL(url, 'http://route53').searchParams))).toEqual([
    expect.objectContaining({ name: 'api.example.com', maxitems: '100' }),
    expect.objectContaining({ name: '_vedette.api.example.com', maxitems: '100' }),
  ])
})

const change = (status: string): Answer => [
  200,
  xml(
    `<GetChangeResponse ${namespace}><ChangeInfo><Id>/change/C1</Id><Status>${status}</Status><SubmittedAt>2026-11-21T12:00:00Z</SubmittedAt></ChangeInfo></GetChangeResponse>`,
  ),
]
test.each<[string, Answer, boolean | undefined]>([
  ['is under way', change('PENDING'), false],
  ['is everywhere', change('INSYNC'), true],
  ['cannot be asked about now', failure(400, 'Throttling'), undefined],
  ['gets no reply', 'cut', undefined],
])('a change that %s', async (_, reply, isInSync) => {
  answer = () => reply
  expect(await createRoute53(Date.now).isInSync?.('/change/C1')).toBe(isInSync)
  expect(asked).toHaveLength(1)
})

test('a hosted zone is told with its name, its servers, and whether it is private', async () => {
  const zone = (isPrivate: boolean): Answer => [
    200,
    xml(
      `<GetHostedZoneResponse ${namespace}><HostedZone><Id>/hostedzone/Z1</Id><Name>Example.com.</Name><CallerReference>x</CallerReference><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone><DelegationSet><NameServers><NameServer>NS-1.awsdns.com.</NameServer><NameServer>ns-2.awsdns.net</NameServer></NameServers></DelegationSet></GetHostedZoneResponse>`,
    ),
  ]
  for (const isPrivate of [true, false]) {
    answer = () => zone(isPrivate)
    expect(await createRoute53(Date.now).zone?.(failover)).toEqual({
      ...{ kind: 'zone', name: 'example.com', isPrivate },
      nameServers: ['ns-1.awsdns.com', 'ns-2.awsdns.net'],
    })
  }
  answer = () => failure(404, 'NoSuchHostedZone')
  expect(await createRoute53(Date.now).zone?.(failover)).toMatchObject({ kind: 'denied' })
})

test('one call shows record and TXT together, as they stand one after the other', async () => {
  const txt = set('_vedette.api.example.com.', 'TXT', values(60, '&quot;vedette1 …&quot;'))
  answer = () => listing(set('api.example.com.', 'A', values(60, '192.0.2.1')) + txt)
  expect(await createRoute53(Date.now).list(failover)).toMatchObject({ sets: [{ type: 'A' }, { type: 'TXT' }] })
  expect(asked).toHaveLength(1)
})
