import { createPublisher, putMetricsTo } from '../lib/act/cloudwatch.ts'
import { openTable } from '../lib/act/dynamodb.ts'
import { askVantages } from '../lib/act/invoke.ts'
import { runLambdaHook } from '../lib/act/lambda-hook.ts'
import { publishedIn } from '../lib/act/published.ts'
import { createRoute53 } from '../lib/act/route53.ts'
import { createTopicSender } from '../lib/act/sns.ts'
import type { FailoverAsset } from '../lib/decide/failover-asset.ts'
import { createFailoverFunction } from '../lib/run/failover-function.ts'
import { readAsset } from '../lib/run/lambda-asset.ts'
import { jsonLog } from '../lib/run/log.ts'
import { pause } from '../lib/run/pause.ts'

const asset = readAsset<FailoverAsset>(import.meta.dirname)
const { region, namespace } = asset
const wallClock = () => Date.now()
const send = createTopicSender(region)
const topics = { page: process.env.PAGE_TOPIC_ARN ?? '', ticket: process.env.TICKET_TOPIC_ARN ?? '' }

/** Decides, for a vantage, an alarm, the minute or a person, and says what came of it. */
export const handler = createFailoverFunction(asset, {
  ask: askVantages(asset.vantages),
  records: createRoute53(wallClock),
  table: openTable(asset.table, region),
  published: publishedIn(region, namespace, wallClock),
  publish: createPublisher([region], (one) => putMetricsTo(one, namespace)),
  hook: async (failover, call) => {
    const hook = failover.hooks[call.name]
    return hook && 'lambda' in hook
      ? runLambdaHook(hook.lambda, failover, call)
      : { kind: 'hookFailed', why: 'it is no function' }
  },
  tell: ({ topic, summary }, event) => send(topics[topic], summary, event),
  log: jsonLog((line) => void process.stdout.write(`${line}\n`)),
  wallClock,
  pause,
})
