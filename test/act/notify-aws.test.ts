import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { causesFromLogs } from '../../lib/act/found-causes.ts'
import { createDeliver } from '../../lib/act/notify-deliver.ts'
import { openNotifyTable } from '../../lib/act/notify-table.ts'
import { initialNotifyState, type Notice } from '../../lib/decide/notice.ts'
import type { Route } from '../../lib/model/route.ts'
import { type FaultyServer, faultyServer } from '../support/faulty-server.ts'
import { downEvent } from '../support/notify.ts'
import { failedResult } from '../support/results.ts'

let aws: FaultyServer
let answer: (text: string, region: string) => { status: number; body: unknown }

beforeEach(async () => {
  aws = await faultyServer(({ text, headers }) => {
    const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? ''
    return answer(text, region)
  })
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(async () => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
  await aws.close()
})

describe('causes from the logs of the vantages', () => {
  const vantages = ['us-east-1', 'eu-west-1', 'ap-southeast-1'].map((id) => ({
    id,
    region: id,
    logGroup: `/aws/lambda/p-${id}`,
  }))
  const failure = { code: 'TLS_EXPIRED', stage: 'tls', message: 'expired' } as const

  test('name who sees a failure, and the cause that most of them see', async () => {
    answer = (text, vantage) => {
      const { filterPattern, logGroupName } = JSON.parse(text)
      expect([filterPattern, logGroupName]).toEqual([
        '{ ($.monitor = "api") && ($.status = "down") }',
        `/aws/lambda/p-${vantage}`,
      ])
      if (vantage === 'ap-southeast-1') return { status: 200, body: { events: [] } }
      const result = failedResult('api', 0, { vantage, failure, observed: { ip: '2001:db8::1' } })
      const other = failedResult('other', 0, { vantage })
      const events = [{ message: 'START' }, { message: JSON.stringify(result) }, { message: JSON.stringify(other) }]
      return { status: 200, body: { events } }
    }
    const found = await causesFromLogs(vantages, () => 1_000_000)(['api'])
    expect(found.get('api')).toEqual({
      ...{ cause: failure, vantages: ['us-east-1', 'eu-west-1'], families: ['IPv6'], address: '2001:db8::1' },
    })
  })

  test('are of the last five minutes, the newest of all pages, also behind an empty one', async () => {
    // However slow this machine is.
    vi.useFakeTimers({ toFake: ['performance'] })
    const asked: { startTime: number; nextToken?: string }[] = []
    const logged = (code: string) => {
      const other = { ...failure, code } as never
      return { message: JSON.stringify(failedResult('api', 0, { vantage: 'us-east-1', failure: other })) }
    }
    const pages = [
      { events: [], nextToken: 'one' },
      { events: [logged('TIMEOUT'), logged('CONNECT_RESET')], nextToken: 'two' },
      { events: [logged('DNS_SERVFAIL'), logged('TLS_EXPIRED')], nextToken: 'three' },
      { events: [] },
    ]
    answer = (text) => {
      const { startTime, nextToken } = JSON.parse(text)
      asked.push({ startTime, nextToken })
      return { status: 200, body: pages.shift() }
    }
    const found = await causesFromLogs(vantages.slice(0, 1), () => 1_000_000)(['api'])
    expect(asked.map(({ nextToken }) => nextToken)).toEqual([undefined, 'one', 'two', 'three'])
    expect(new Set(asked.map(({ startTime }) => startTime))).toEqual(new Set([700_000]))
    expect(found.get('api')?.cause.code).toBe('TLS_EXPIRED')
  })

  test('are in the words of those who are most, where places differ', async () => {
    answer = (_, region) => {
      const code = region === 'us-east-1' ? 'CONNECT_RESET' : 'TLS_EXPIRED'
      const result = failedResult('api', 0, { vantage: region, failure: { ...failure, code } })
      return { status: 200, body: { events: [{ message: JSON.stringify(result) }] } }
    }
    const found = await causesFromLogs(vantages, () => 1_000_000)(['api'])
    expect([found.get('api')?.cause.code, found.get('api')?.vantages.length]).toEqual(['TLS_EXPIRED', 3])
  })

  test('a region that is out, or silent, or forbids it, is not waited for', async () => {
    answer = (_, region) =>
      region === 'us-east-1'
        ? { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } }
        : { status: 200, body: { events: [{ message: JSON.stringify(failedResult('api', 0, { vantage: region })) }] } }
    aws.faults.push('silent')
    const beganMs = performance.now()
    const found = await causesFromLogs(vantages, () => 1_000_000)(['api'])
    expect(performance.now() - beganMs).toBeLessThan(25_000)
    expect(found.get('api')?.vantages.length ?? 0).toBeLessThan(3)
  })
})

describe('the table of what was told', () => {
  test('takes the first state where there is none, and each later one after the one before it alone', async () => {
    const asked: { ConditionExpression: string; ExpressionAttributeValues?: unknown }[] = []
    answer = (text) => {
      asked.push(JSON.parse(text))
      const isTaken = asked.length === 3
      return isTaken
        ? { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException' } }
        : { status: 200, body: {} }
    }
    const table = openNotifyTable('vedette-shop-notify', 'eu-west-1')
    const state = initialNotifyState(0)
    expect([await table.save(state, 1), await table.save(state, 2), await table.save(state, 2)]).toEqual([
      'saved',
      'saved',
      'conflict',
    ])
    expect(asked.map(({ ConditionExpression: on, ExpressionAttributeValues: values }) => [on, values])).toEqual([
      ['attribute_not_exists(id)', undefined],
      ['version = :before', { ':before': { N: '1' } }],
      ['version = :before', { ':before': { N: '1' } }],
    ])
  })
})

describe('a topic', () => {
  const route: Route = { name: 't', mute: [], kind: 'sns', topicArn: 'arn:aws:sns:eu-west-1:123456789012:alerts' }
  const notice: Notice = {
    ...{ id: 1, route: 't', action: 'open', key: 'vedette/shop/a', event: downEvent('a', 0), severity: 'page' },
    ...{ atMs: 0, openedMs: 0, dependants: 0, changes: [], acts: [], links: {}, rounds: 0 },
  }
  const deliver = createDeliver([route], {
    secret: async () => '',
    pause: async () => {},
    chance: () => 0,
    nowMs: () => performance.now(),
  })

  test('gets text, in its own region, with what subscriptions filter by', async () => {
    let asked = new URLSearchParams()
    let where = ''
    answer = (text, region) => {
      ;[asked, where] = [new URLSearchParams(text), region]
      return {
        status: 200,
        body: '<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
      }
    }
    expect(await deliver(notice, { deadlineMs: 10_000 })).toEqual({ kind: 'delivered' })
    expect([where, asked.get('TopicArn'), asked.get('Subject')]).toEqual([
      'eu-west-1',
      route.topicArn,
      expect.stringMatching(/^a is down: CONNECT_REFUSED/),
    ])
    expect([...asked.values()]).toEqual(expect.arrayContaining(['severity', 'page', 'type', 'monitor.down']))
  })

  test('that is not there is final; one that is busy is tried again', async () => {
    const error = (code: string) =>
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`
    answer = () => ({ status: 404, body: error('NotFound') })
    expect(await deliver(notice, { deadlineMs: 10_000 })).toMatchObject({ kind: 'undelivered', isFinal: true })
    const statuses = [503, 400, 200]
    answer = () => {
      const status = statuses.shift() ?? 200
      return {
        status,
        body: status === 200 ? '<PublishResponse/>' : error(status === 400 ? 'Throttling' : 'ServiceUnavailable'),
      }
    }
    expect(await deliver(notice, { deadlineMs: 10_000 })).toEqual({ kind: 'delivered' })
  })
})
