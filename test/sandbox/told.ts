import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns'
import type { RefusalCode } from '../../lib/decide/failover-facts.ts'
import type { FailoverMessage } from '../../lib/run/failover-teller.ts'
import { eventually } from './eventually.ts'
import type { Sandbox } from './sandbox.ts'

/** What somebody was told, as it came out of a queue that is subscribed to a topic. */
export interface Message extends FailoverMessage {
  topic: 'page' | 'ticket'
}

/** Everything that people are told by the topics of both controllers. */
export interface Told {
  /** What has come so far. */
  all(): Promise<Message[]>
  /** Waits for a message that matches, among those that came since `forget`. */
  of(match: (message: Message) => boolean, what: string): Promise<Message>
  /** Waits for the page that says that a failover did not move, and why. */
  refusal(failover: string, code: RefusalCode): Promise<Message>
  /** Leaves out what has come so far. */
  forget(): Promise<void>
}

const prefix = 'vedette-shop'
const account = '000000000000'

/** Subscribes one queue in each controller region to its topics for pages and tickets. */
export async function listenToTopics({ aws, endpoint, config }: Sandbox): Promise<Told> {
  const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' }
  const queues = new Map<string, string>()
  for (const region of config.controllers) {
    const queue = await aws.json<{ QueueUrl: string }>(region, 'sqs', 'AmazonSQS.CreateQueue', { QueueName: 'told' })
    queues.set(region, queue.QueueUrl)
    const sns = new SNSClient({ region, endpoint, credentials })
    for (const severity of ['page', 'ticket']) {
      const TopicArn = `arn:aws:sns:${region}:${account}:${prefix}-${severity}`
      const Endpoint = `arn:aws:sqs:${region}:${account}:told`
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }))
    }
  }
  let messages: Message[] = []
  const drain = async (region: string, QueueUrl: string): Promise<void> => {
    for (;;) {
      const request = { QueueUrl, MaxNumberOfMessages: 10 }
      const { Messages = [] } = await aws.json<{ Messages?: { Body: string; ReceiptHandle: string }[] }>(
        ...([region, 'sqs', 'AmazonSQS.ReceiveMessage', request] as const),
      )
      if (Messages.length === 0) return
      for (const { Body, ReceiptHandle } of Messages) {
        messages.push(...messagesOf(Body))
        await aws.json(region, 'sqs', 'AmazonSQS.DeleteMessage', { QueueUrl, ReceiptHandle })
      }
    }
  }
  const all = async () => {
    for (const [region, url] of queues) await drain(region, url)
    return messages
  }
  const of: Told['of'] = (match, what) =>
    eventually(`a message about ${what}`, async () => (await all()).find(match), 180_000)
  return {
    all,
    of,
    refusal: (failover, code) =>
      of(
        ({ topic, event }) =>
          topic === 'page' &&
          event.failover === failover &&
          event.type === 'decided' &&
          event.decision.kind === 'refuse' &&
          event.decision.code === code,
        `${failover}, refused as ${code}`,
      ),
    forget: async () => {
      await all()
      messages = []
    },
  }
}

/** Alarms tell the same topics: what they say is not ours. */
function messagesOf(body: string): Message[] {
  const { TopicArn, Message } = JSON.parse(body) as { TopicArn: string; Message: string }
  const message = JSON.parse(Message) as Partial<FailoverMessage>
  if (message.vedette !== 1) return []
  return [{ ...(message as FailoverMessage), topic: TopicArn.endsWith('-page') ? 'page' : 'ticket' }]
}
