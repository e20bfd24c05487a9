import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'

const callTimeoutMs = 5000

/** Longest subject that SNS takes (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html); it is for e-mail alone. */
const longestSubject = 99

/** Sends a message to a topic of this region, in at most three attempts. Rejects where it was not taken. */
export function createTopicSender(region: string) {
  let client: SNSClient | undefined
  return async (topicArn: string, subject: string, message: object): Promise<void> => {
    client ??= new SNSClient({
      region,
      maxAttempts: 3,
      requestHandler: { connectionTimeout: 1000, requestTimeout: callTimeoutMs, throwOnRequestTimeout: true },
    })
    // Printable ASCII in one line, or SNS refuses it.
    const Subject = subject
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim()
      .slice(0, longestSubject)
    await client.send(new PublishCommand({ TopicArn: topicArn, Subject, Message: JSON.stringify(message) }), {
      abortSignal: AbortSignal.timeout(3 * callTimeoutMs),
    })
  }
}
