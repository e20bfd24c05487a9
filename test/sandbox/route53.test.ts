import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createRoute53 } from '../../lib/act/route53.ts'
import { answerIn } from '../../lib/decide/swap-records.ts'
import { type EmbeddedFailovers, startFailovers } from '../../lib/local/failovers.ts'
import type { Failover } from '../../lib/model/failover.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { FailoverEvent } from '../../lib/run/failover-event.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'
import { requirePython } from '../support/python.ts'
import { type Ministack, startMinistack } from './ministack.ts'

const hasPython = await requirePython()

describe.skipIf(!hasPython)('a record in Route 53', { timeout: 240_000 }, () => {
  let ministack: Ministack
  let origins: LoopbackServer[]
  let client: Route53Client
  let hostedZoneId: string
  let embedded: EmbeddedFailovers
  let events: FailoverEvent[]
  let failover: Failover
  const records = createRoute53(() => Date.now())

  const setRecord = (Action: 'CREATE' | 'UPSERT', Value: string) =>
    client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: hostedZoneId,
        ChangeBatch: {
          Changes: [
            {
              Action,
              ResourceRecordSet: { Name: 'shop.live.test.', Type: 'A', TTL: 60, ResourceRecords: [{ Value }] },
            },
          ],
        },
      }),
    )

  beforeAll(async () => {
    ministack = await startMinistack()
    vi.stubEnv('AWS_ENDPOINT_URL', ministack.endpoint)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'sandbox')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'sandbox')
    const port = await freePort('127.0.0.1', '127.0.0.2')
    const one = await startHttpServer((_, response) => response.end('ok'), '127.0.0.1', port)
    const two = await startHttpServer((_, response) => response.end('ok'), '127.0.0.2', port)
    origins = [one, two]
    client = new Route53Client({ region: 'us-east-1' })
    const { HostedZone } = await client.send(
      new CreateHostedZoneCommand({ Name: 'live.test', CallerReference: 'test' }),
    )
    hostedZoneId = HostedZone?.Id?.replace('/hostedzone/', '') ?? ''
    await setRecord('CREATE', '127.0.0.1')
    const endpoint = (id: string, address: string) => ({ id, region: 'external', A: [address] })
    const config = parseConfig({
      service: 'shop',
      // Nobody answers there: what is served is not asked of anyone.
      resolver: `127.0.0.1:${await freePort()}`,
      monitors: [{ id: 'live', kind: 'http', url: `http://shop.live.test:${port}/`, timeout: '8s', retries: 0 }],
      failovers: [
        {
          ...{ id: 'live', hostedZoneId, zone: 'live.test', record: 'shop.live.test', check: 'live', mode: 'auto' },
          ...{ sustain: '0s', endpoints: [endpoint('one', '127.0.0.1'), endpoint('two', '127.0.0.2')] },
        },
      ],
    })
    events = []
    failover = config.failovers[0] as Failover
    embedded = await startFailovers(config, { version: '0', records, emit: (event) => void events.push(event) })
  }, 300_000)
  afterAll(async () => {
    await embedded?.stop()
    for (const origin of origins ?? []) await origin.close()
    await ministack?.stop()
    vi.unstubAllEnvs()
  })

  const answer = async () => {
    const listed = await records.list(failover)
    return listed.kind === 'listed' ? answerIn(listed.sets, failover).flatMap(({ values = [] }) => values) : listed
  }
  const moved = () => vi.waitUntil(() => events.findLast(({ type }) => type === 'swapped'), { timeout: 60_000 })

  test('does not move before it is adopted', async () => {
    await origins[0]?.close()
    expect(await embedded.controller.decide('live', 'vantage')).toMatchObject({
      kind: 'refuse',
      code: 'txt-unreadable',
    })
    expect(await answer()).toEqual(['127.0.0.1'])
  })

  test('moves once it is adopted, by one batch over answer and TXT', async () => {
    await embedded.controller.adopt('live')
    void embedded.controller.decide('live', 'vantage').catch(() => {})
    expect(await moved()).toMatchObject({ to: 'two', outcome: { kind: 'moved', epoch: 2 } })
    expect(await answer()).toEqual(['127.0.0.2'])
  })

  test('that someone edits by hand is left alone', async () => {
    const [one, two] = origins as [LoopbackServer, LoopbackServer]
    origins = [await startHttpServer((_, response) => response.end('ok'), '127.0.0.1', one.port)]
    await two.close()
    await setRecord('UPSERT', '192.0.2.99')
    expect(await embedded.controller.decide('live', 'tick')).toMatchObject({ kind: 'refuse', code: 'record-edited' })
    expect(await answer()).toEqual(['192.0.2.99'])
  })
})
