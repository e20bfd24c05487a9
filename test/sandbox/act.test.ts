import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch'
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53'
import { ConfirmSubscriptionCommand, CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openTable } from '../../lib/act/dynamodb.ts'
import type { ControllerTable } from '../../lib/act/ports.ts'
import { publishedIn } from '../../lib/act/published.ts'
import { createRoute53 } from '../../lib/act/route53.ts'
import { createTopicSender } from '../../lib/act/sns.ts'
import { doomedBatch, swapBatch, txtBatch } from '../../lib/decide/swap-batch.ts'
import { answerOf, stateIn, txtIn } from '../../lib/decide/swap-records.ts'
import type { SwapState } from '../../lib/decide/swap-state.ts'
import type { Endpoint, Failover } from '../../lib/model/failover.ts'
import { failoverOf, recordsOf } from '../support/failover-fixture.ts'
import { type LoopbackServer, startHttpServer } from '../support/http-server.ts'
import { requirePython } from '../support/python.ts'
import { type Ministack, startMinistack } from './ministack.ts'

const hasPython = await requirePython()
const region = 'eu-central-1'

describe.skipIf(!hasPython)('AWS, as controllers use it', { timeout: 240_000 }, () => {
  let ministack: Ministack
  beforeAll(async () => {
    ministack = await startMinistack()
    vi.stubEnv('AWS_ENDPOINT_URL', ministack.endpoint)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'sandbox')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'sandbox')
  }, 300_000)
  afterAll(async () => {
    await ministack?.stop()
    vi.unstubAllEnvs()
  })

  describe('a table in DynamoDB', () => {
    let table: ControllerTable
    let names = 0
    const newId = () => `f${++names}`
    beforeAll(async () => {
      const client = new DynamoDBClient({ region })
      await client.send(
        new CreateTableCommand({
          ...{ TableName: 'memory', BillingMode: 'PAY_PER_REQUEST' },
          KeySchema: [{ AttributeName: 'failover', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'failover', AttributeType: 'S' }],
        }),
      )
      table = openTable('memory', region)
    })

    test('remembers what it is given and leaves the rest, of each failover on its own', async () => {
      const id = newId()
      expect(await table.read(id)).toEqual({ largestEpoch: 0, healthySince: {}, locked: false })
      await table.update(id, { locked: true, lastMove: { atMs: 1, to: 'two', tookMs: 2 } })
      await table.update(id, { healthySince: { one: 5, two: undefined } })
      expect(await table.read(id)).toEqual({
        ...{ largestEpoch: 0, locked: true, healthySince: { one: 5 } },
        lastMove: { atMs: 1, to: 'two', tookMs: 2 },
      })
      expect((await table.read(newId())).locked).toBe(false)
    })

    test('never lets the largest epoch shrink, whatever comes at once or in whatever order', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(1000), { minLength: 1, maxLength: 5 }), async (epochs) => {
          const id = newId()
          await Promise.all(epochs.map((largestEpoch) => table.update(id, { largestEpoch, locked: true })))
          expect(await table.read(id)).toMatchObject({ largestEpoch: Math.max(...epochs), locked: true })
        }),
        { numRuns: 10 },
      )
    })

    test('gives a lease to one of many that ask at once, until it ends or is given back', async () => {
      const id = newId()
      const ask = (who: string, nowMs: number) => table.lease(id, who, nowMs, 30)
      const had = await Promise.all(['a', 'b', 'c', 'd'].map((who) => ask(who, 0)))
      expect(had.filter(Boolean)).toHaveLength(1)
      const holder = 'abcd'[had.indexOf(true)] ?? ''
      expect(await ask(holder, 1)).toBe(true)
      await table.release(id, 'somebody else')
      expect(await ask('e', 29)).toBe(false)
      expect(await ask('e', 31)).toBe(true)
      await table.release(id, 'e')
      expect(await ask('f', 31)).toBe(true)
    })

    test('replaces a text only where it still is what it was: one of many at once', async () => {
      const id = newId()
      const swap = (before: string | undefined) =>
        Promise.all([1, 2, 3].map((n) => table.swapText(id, before, `${before} ${n}`)))
      expect((await swap(undefined)).filter(Boolean)).toHaveLength(1)
      const { text } = await table.read(id)
      expect((await swap(text)).filter(Boolean)).toHaveLength(1)
      expect(await swap(text)).toEqual([false, false, false])
    })

    test('lets all that want to move see each other, also one that is called as the key is', async () => {
      const seen = await Promise.all(['failover', 'at:x', 'constructor'].map((id, i) => table.want(id, i)))
      expect(seen.map((wanted) => Object.keys(wanted).length).sort()).toEqual([1, 2, 3])
      expect(await table.wanted()).toEqual({ failover: 0, 'at:x': 1, constructor: 2 })
    })

    test('rejects where it is not there', async () => {
      const nowhere = openTable('no-such-table', region)
      await expect(nowhere.read('x')).rejects.toThrow()
      await expect(nowhere.lease('x', 'me', 0, 1)).rejects.toThrow()
      await expect(nowhere.swapText('x', undefined, 'y')).rejects.toThrow()
    })

    test('holds the largest decision there can be', async () => {
      const id = newId()
      const vantages = Array.from({ length: 30 }, (_, i) => `vantage-${i}-${'x'.repeat(50)}`)
      const votes = Array.from({ length: 20 }, (_, i) => {
        return {
          code: 'votes',
          endpoint: `e${i}${'x'.repeat(60)}`,
          active: false,
          up: vantages,
          down: [],
          none: [],
        } as const
      })
      const cause = { code: 'cause', endpoint: 'e', monitor: 'm', cause: 'x'.repeat(200), vantages } as const
      const decision = { kind: 'stay', page: false, reasons: [...votes, ...Array(12).fill(cause)] } as const
      await table.update(id, { last: { atMs: 1, trigger: 'tick', decision: decision as never } })
      const { Items = [] } = await new DynamoDBClient({ region }).send(new ScanCommand({ TableName: 'memory' }))
      const item = Items.find(({ failover }) => failover?.S === id)
      // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
      expect(JSON.stringify(item).length).toBeLessThan(400_000 / 2)
    })
  })

  describe('what is published in CloudWatch', () => {
    const minuteMs = 60_000
    const nowMs = Math.floor(Date.now() / (10 * minuteMs)) * 10 * minuteMs + 30_000
    const client = () => new CloudWatchClient({ region })
    const votes = (Monitor: string, ago: number, down: number[]) =>
      client().send(
        new PutMetricDataCommand({
          Namespace: 'Votes',
          MetricData: down.map((Value) => ({
            ...{ MetricName: 'Down', Value, Timestamp: new Date(nowMs - 30_000 - ago * minuteMs) },
            Dimensions: [{ Name: 'Monitor', Value: Monitor }],
          })),
        }),
      )

    test('is added up by monitor and period, the newest first', async () => {
      await votes('api@one', 0, [0, 0, 0])
      await votes('api@one', 2, [0, 1, 1])
      await votes('api@two', 1, [1])
      const published = publishedIn(region, 'Votes', () => nowMs)
      const found = await published.votes(['api@one', 'api@two', 'api@three'], nowMs - 10 * minuteMs, minuteMs)
      const at = (ago: number) => nowMs - 30_000 - ago * minuteMs
      expect(Object.fromEntries(found)).toEqual({
        'api@one': [
          { atMs: at(0), votes: 3, down: 0 },
          { atMs: at(2), votes: 3, down: 2 },
        ],
        'api@two': [{ atMs: at(1), votes: 1, down: 1 }],
        'api@three': [],
      })
    })

    test('tells which of many alarms are open, and of no others', async () => {
      const names = Array.from({ length: 120 }, (_, i) => `alarm-${i}`)
      for (const AlarmName of ['alarm-3', 'alarm-110', 'another']) {
        await client().send(
          new PutMetricAlarmCommand({
            ...{
              AlarmName,
              MetricName: 'Down',
              Namespace: 'Votes',
              Statistic: 'Sum',
              Period: 60,
              EvaluationPeriods: 1,
            },
            ...{ Threshold: 1e9, ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'ignore' },
          }),
        )
        await client().send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'a test' }))
      }
      const published = publishedIn(region, 'Votes', () => nowMs)
      expect([...(await published.alarmsOpen(names))].sort()).toEqual(['alarm-110', 'alarm-3'])
      expect((await published.alarmsOpen([])).size).toBe(0)
    })
  })

  describe('a topic in SNS', () => {
    let subscriber: LoopbackServer
    let got: { Type: string; Subject?: string; Message: string; Token?: string }[]
    let arn: string
    beforeAll(async () => {
      got = []
      subscriber = await startHttpServer(async (request, response) => {
        let body = ''
        for await (const chunk of request) body += chunk
        got.push(JSON.parse(body))
        response.end()
      })
      const client = new SNSClient({ region })
      const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: 'page' }))
      arn = TopicArn
      await client.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: subscriber.url }))
      const { Token } = await vi.waitUntil(() => got.find((one) => one.Token), { timeout: 60_000 })
      await client.send(new ConfirmSubscriptionCommand({ TopicArn, Token }))
    })
    afterAll(() => subscriber?.close())
    const received = async (test: (message: string) => boolean) => {
      const isIt = ({ Type, Message }: (typeof got)[number]) => Type === 'Notification' && test(Message)
      return vi.waitUntil(() => got.find(isIt), { timeout: 60_000 })
    }

    test('takes a message whole, with a subject that e-mail can show', async () => {
      await createTopicSender(region)(arn, `live: moved to zwölf\n→ ${'x'.repeat(200)}`, { event: { n: 1 } })
      const { Subject = '', Message } = await received((message) => message.includes('"n":1'))
      expect(Subject).toMatch(/^live: moved to zwolf \? x+\.\.\.$/)
      expect(Subject.length).toBeLessThan(100)
      expect(JSON.parse(Message)).toEqual({ event: { n: 1 } })
    })

    test('takes what is too long for it without its event', async () => {
      const message = { summary: 'long', event: { text: 'ä'.repeat(140_000) } }
      await createTopicSender(region)(arn, 'long', message)
      const { Message } = await received((text) => text.includes('"long"'))
      expect(JSON.parse(Message)).toEqual({ summary: 'long' })
    })

    test('that is not there is an error for the caller', async () => {
      const nowhere = arn.replace(/page$/, 'nowhere')
      await expect(createTopicSender(region)(nowhere, 'x', { event: 1 })).rejects.toThrow()
    })
  })

  describe('a record in Route 53', () => {
    let failover: Failover
    const records = createRoute53(() => 42)
    const listed = async () => {
      const outcome = await records.list(failover)
      if (outcome.kind !== 'listed') throw new Error(`expected a list, got ${JSON.stringify(outcome)}`)
      const found = stateIn(outcome.sets, failover)
      return { ...outcome, state: typeof found === 'string' ? undefined : found.state }
    }
    beforeAll(async () => {
      const client = new Route53Client({ region: 'us-east-1' })
      const created = await client.send(new CreateHostedZoneCommand({ Name: 'live.test', CallerReference: 'act' }))
      const hostedZoneId = created.HostedZone?.Id?.replace('/hostedzone/', '') ?? ''
      failover = { ...failoverOf(), hostedZoneId }
      // What stands between the record and its TXT in the order of a listing, and something beside the record.
      const others = Array.from({ length: 120 }, (_, i) => `${i}.shop.live.test.`)
      const changes = others.map((Name) => ({
        Action: 'CREATE' as const,
        ResourceRecordSet: { Name, Type: 'A' as const, TTL: 60, ResourceRecords: [{ Value: '192.0.2.7' }] },
      }))
      const mail = {
        Name: 'shop.live.test.',
        Type: 'MX' as const,
        TTL: 60,
        ResourceRecords: [{ Value: '10 mx.live.test.' }],
      }
      await client.send(
        new ChangeResourceRecordSetsCommand({
          HostedZoneId: hostedZoneId,
          ChangeBatch: { Changes: [...changes, { Action: 'CREATE', ResourceRecordSet: mail }] },
        }),
      )
      const first = recordsOf(failover).map((set) => ({ action: 'CREATE', set }) as const)
      expect((await records.change(failover, first)).kind).toBe('written')
    })

    test('is listed with its TXT, however far that is, and with what is beside it', async () => {
      const { sets, besides = [], state, atMs } = await listed()
      expect([sets.map(({ type }) => type).sort(), besides.map(({ Type }) => Type), atMs]).toEqual([
        ['A', 'TXT'],
        ['MX'],
        42,
      ])
      expect(state).toMatchObject({ active: 'one' })
    })

    test('is moved whole or not at all, and only from what was seen', async () => {
      const { sets, state } = await listed()
      const [, two] = failover.endpoints as [Endpoint, Endpoint]
      const next = { ...(state as SwapState), epoch: 2, active: 'two' }
      const batch = swapBatch(sets, answerOf(failover, two), next, failover)
      const outcome = await records.change(failover, batch)
      expect(outcome).toEqual({ kind: 'written', changeId: expect.any(String) })
      const changeId = outcome.kind === 'written' ? (outcome.changeId ?? '') : ''
      await vi.waitUntil(() => records.isInSync?.(changeId), { timeout: 60_000 })
      expect(await records.change(failover, batch)).toEqual({ kind: 'refused' })
      const after = await listed()
      expect([after.state?.active, txtIn(after.sets, failover)]).toMatchObject(['two', [{ type: 'TXT' }]])
      const late = txtBatch(sets, { ...next, epoch: 3 }, failover)
      expect(await records.change(failover, late)).toEqual({ kind: 'refused' })
    })

    test('proves by a batch that must fail that it may be written', async () => {
      const before = await listed()
      expect(await records.change(failover, doomedBatch(failover))).toEqual({ kind: 'refused' })
      expect((await listed()).sets).toEqual(before.sets)
    })

    test('is in a zone that is told, and a zone that is not there is denied', async () => {
      expect(await records.zone?.(failover)).toMatchObject({ kind: 'zone', name: 'live.test', isPrivate: false })
      const nowhere = { ...failover, hostedZoneId: 'ZNOWHERE' }
      expect(await records.zone?.(nowhere)).toMatchObject({
        kind: 'denied',
        message: expect.stringContaining('NoSuchHostedZone'),
      })
      expect(await records.list(nowhere)).toMatchObject({ kind: 'denied' })
      expect(await records.change(nowhere, doomedBatch(nowhere))).toMatchObject({ kind: 'denied' })
    })

    test('says nothing of a change that is not there', async () => {
      expect(await records.isInSync?.('CNOWHERE')).not.toBe(true)
    })
  })
})
