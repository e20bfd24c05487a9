import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import { topicName } from '../decide/names.ts'
import type { Config } from '../model/config.ts'

/** A topic that alarms of this account publish to, over TLS only. */
export function addTopic(scope: Construct, id: string, topicName: string): Topic {
  const topic = new Topic(scope, id, { topicName, enforceSSL: true })
  const { account } = Stack.of(scope)
  // A policy of one's own takes the place of the one that let the account in, and alarms come from outside it.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsOfThisAccount',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }),
  )
  return topic
}

/** ARNs of a region's topics. They are named, not referred to: an export would tie the stacks' updates to each other. */
export function topicArns(stack: Stack, config: Config): Record<'page' | 'ticket', string> {
  const arnOf = (severity: 'page' | 'ticket') =>
    stack.formatArn({ service: 'sns', resource: topicName(config, severity) })
  return { page: arnOf('page'), ticket: arnOf('ticket') }
}
