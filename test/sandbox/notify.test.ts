import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CloudWatchClient, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PagerDuty, startPagerDuty } from '../support/pagerduty-server.ts'
import { requirePython } from '../support/python.ts'
import { type Slack, startSlack } from '../support/slack-server.ts'
import { type Aws, awsAt } from './aws.ts'
import { cdk } from './cdk.ts'
import { eventually } from './eventually.ts'
import { type Ministack, startMinistack } from './ministack.ts'

const hasPython = await requirePython()
const key = 'k'.repeat(32)
const [home, standby] = ['us-west-2', 'eu-central-1']
const waitMs = 180_000

describe.skipIf(!hasPython)('telling people, deployed to an AWS on this machine', { timeout: 600_000 }, () => {
  let ministack: Ministack
  let pagerDuty: PagerDuty
  let slack: Slack
  let aws: Aws
  let folder: string

  /** What an alarm of a region says from now on. */
  const setAlarm = async (region: string, AlarmName: string, StateValue: 'ALARM' | 'OK') => {
    const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' }
    const client = new CloudWatchClient({ region, endpoint: ministack.endpoint, credentials })
    const StateReason = 'Threshold Crossed: 2 datapoints [1.0 (21/11/26 10:01:00)] were greater than the threshold'
    await client.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }))
    client.destroy()
  }
  const opened = (dedupKey: string) =>
    eventually(`an alert ${dedupKey}`, async () => pagerDuty.opened.find((one) => one === dedupKey), waitMs)
  const ended = (dedupKey: string) =>
    eventually(`the end of ${dedupKey}`, async () => pagerDuty.resolved.find((one) => one === dedupKey), waitMs)

  beforeAll(async () => {
    ;[pagerDuty, slack] = [await startPagerDuty([key]), await startSlack()]
    ministack = await startMinistack()
    aws = awsAt(ministack.endpoint)
    folder = mkdtempSync(path.join(tmpdir(), 'vedette-notify-'))
    const file = path.join(folder, 'vedette.config.json')
    const config = {
      ...{ service: 'shop', vantages: ['us-east-1'], controllers: [home, standby] },
      monitors: ['api', 'web'].map((id) => ({ id, kind: 'http', url: 'http://192.0.2.1/' })),
      routes: {
        page: [{ kind: 'pagerduty', routingKey: { secret: 'vedette/pagerduty' }, url: pagerDuty.url }],
        ticket: [{ kind: 'slack', token: { ssm: '/vedette/slack' }, channel: 'C0123456789', url: `${slack.url}/api` }],
      },
    }
    writeFileSync(file, JSON.stringify(config))
    for (const region of [home, standby]) {
      const secret = { Name: 'vedette/pagerduty', SecretString: key, ClientRequestToken: 'x'.repeat(32) }
      await aws.json(region, 'secretsmanager', 'secretsmanager.CreateSecret', secret)
      await aws.json(region, 'ssm', 'AmazonSSM.PutParameter', {
        Name: '/vedette/slack',
        Value: 'xoxb-1',
        Type: 'SecureString',
      })
    }
    const environments = [home, standby].map((region) => `aws://000000000000/${region}`)
    await cdk(['bootstrap', ...environments], ministack, { app: '' })
    const stacks = ['vedette-shop-control-*', 'vedette-shop-alarms-*']
    const args = ['deploy', ...stacks, '--concurrency', '4', '--require-approval', 'never']
    await cdk(args, ministack, { context: { config: file } })
  }, 600_000)

  afterAll(async () => {
    await ministack?.stop()
    await Promise.all([pagerDuty?.close(), slack?.close()])
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  test('an alarm goes by topic, queue and function to PagerDuty, and its end resolves it', async () => {
    await setAlarm(home, 'vedette-shop-api-down', 'ALARM')
    await opened('vedette/shop/api')
    await setAlarm(home, 'vedette-shop-api-down', 'OK')
    await ended('vedette/shop/api')
    expect([pagerDuty.opened, pagerDuty.dropped]).toEqual([['vedette/shop/api'], []])
  })

  test('a ticket goes to Slack, with its key from Parameter Store, and is edited at its end', async () => {
    await setAlarm(home, 'vedette-shop-us-east-1-heartbeat', 'ALARM')
    const post = await eventually(
      'a post',
      async () => slack.posts.find(({ text }) => text.includes('us-east-1 is blind')),
      waitMs,
    )
    await setAlarm(home, 'vedette-shop-us-east-1-heartbeat', 'OK')
    await eventually('its edit', async () => post.edits.find((text) => text.includes('Over')), waitMs)
  })

  test('the standby is silent while home speaks, and speaks once home is silent', async () => {
    await setAlarm(standby, 'vedette-shop-web-down', 'ALARM')
    await setAlarm(standby, `vedette-shop-${home}-controller`, 'ALARM')
    await opened('vedette/shop/web')
    await eventually('a post', async () => slack.posts.find(({ text }) => text.includes('web is down')), waitMs)
    await setAlarm(standby, 'vedette-shop-web-down', 'OK')
    await ended('vedette/shop/web')
  })

  test('a message that nobody can take in is no reason to stop', async () => {
    const topic = `arn:aws:sns:${home}:000000000000:vedette-shop-page`
    for (const Message of ['hello', '{"vedette":1,"change":{"text":"deployed v42"}}'])
      await aws.query(home, 'sns', { Action: 'Publish', Version: '2010-03-31', TopicArn: topic, Message })
    await eventually(
      'the change',
      async () => pagerDuty.changes.find((text) => text === 'Changed: deployed v42'),
      waitMs,
    )
  })
})
