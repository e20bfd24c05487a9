import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { subjectOf } from '../decide/render-sns.ts'

const callTimeoutMs = 5000

/** Longest message that SNS takes, in bytes of UTF-8. */
const longestMessage = 262_144

/** Sends a message to a topic of this region, in at most three attempts; one that is too long for SNS without its `event`. Rejects where it was not taken. */
export function createTopicSender(region: string) {
  let client: SNSClient | undefined
  return async (topicArn: string, subject: string, message: { event?: unknown }): Promise<void> => {
    client ??= new SNSClient({
      region,
      maxAttempts: 3,
      requestHandler: { connectionTimeout: 1000, requestTimeout: callTimeoutMs, throwOnRequestTimeout: true },
    })
    const Subject = subjectOf(subject)
    const { event: _, ...rest } = message
    const whole = JSON.stringify(message)
    const Message = Buffer.byteLength(whole) > longestMessage ? JSON.stringify(rest) : whole
    await client.send(new PublishCommand({ TopicArn: topicArn, Subject, Message }), {
      abortSignal: AbortSignal.timeout(3 * callTimeoutMs),
    })
  }
}
