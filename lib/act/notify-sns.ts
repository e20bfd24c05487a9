import type { Notice } from '../decide/notice.ts'
import { snsMessage } from '../decide/render-sns.ts'
import type { Attempt } from './notify-attempt.ts'
import { type Limit, signalOf } from './notify-post.ts'
import { outcomeOf } from './outcome.ts'

/** Publishes a notice to a topic, once. Never rejects. */
export async function publishTo(topicArn: string, notice: Notice, limit: Limit): Promise<Attempt> {
  // Few have such a route, and importing takes its time.
  const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns')
  const region = topicArn.split(':')[3]
  const client = new SNSClient({ maxAttempts: 1, ...(region && { region }) })
  const { subject, text, attributes } = snsMessage(notice)
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  )
  try {
    await client.send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text, MessageAttributes }), {
      abortSignal: signalOf(limit),
    })
    return { kind: 'accepted' }
  } catch (error) {
    const { name, message } = error as Error
    return { kind: outcomeOf(error) === 'invalid' ? 'refused' : 'failed', reason: `${name}: ${message}` }
  } finally {
    client.destroy()
  }
}
