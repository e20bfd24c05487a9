import type { Stack } from 'aws-cdk-lib'
import { ManagedPolicy, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { failoverName, probeNowName } from '../decide/names.ts'
import { policyOf, recordPolicies, zoneArn } from '../decide/record-policies.ts'
import type { Config } from '../model/config.ts'
import { acknowledgeAnyResource, acknowledgeChanges } from './nag.ts'
import { allow, documents, functionArn, logsStatement, metricsStatement } from './statements.ts'

const changes = 'arn:aws:route53:::change/*'

export interface Resources {
  logGroup: LogGroup
  tableArn: string
  topicArns: string[]
}

/**
 * What the failover function of a controller region may do: move the records of its config by CREATE and DELETE of exactly
 * their names, ask vantages, call hooks, keep its memory, read what is published, and say what it did.
 */
export function failoverRole(scope: Stack, config: Config, { logGroup, tableArn, topicArns }: Resources): Role {
  const name = failoverName(config)
  const policies = documents({
    Logs: [logsStatement(logGroup)],
    Metrics: [metricsStatement(config)],
    Published: allow(['cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData'], ['*']),
    Memory: allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [tableArn]),
    Topics: allow(['sns:Publish'], topicArns),
    Vantages: allow(
      ['lambda:InvokeFunction'],
      config.vantages.map(({ id, region }) => functionArn(scope, probeNowName(config, id), region)),
    ),
    Hooks: allow(['lambda:InvokeFunction'], hookArns(config)),
    Zones: zoneStatements(config),
  })
  const role = new Role(scope, 'FailoverRole', {
    description: `Runs ${name}`,
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: policies,
    managedPolicies: recordPolicies(config.failovers).map(
      (grants, i) =>
        new ManagedPolicy(scope, `Records-${i + 1}`, {
          description: `Lets ${name} move records by CREATE and DELETE, part ${i + 1}`,
          document: PolicyDocument.fromJson(policyOf(grants)),
        }),
    ),
  })
  acknowledgeAnyResource(role, ['metrics', 'reading'])
  acknowledgeChanges(role, changes)
  return role
}

/** To read what is at records and whose zones they are in. Only whoever may write has changes to wait for. */
function zoneStatements({ failovers }: Config): PolicyStatement[] {
  const zones = [...new Set(failovers.map(({ hostedZoneId }) => zoneArn(hostedZoneId)))]
  return [
    ...allow(['route53:GetHostedZone', 'route53:ListResourceRecordSets'], zones),
    ...(failovers.some((failover) => failover.switch === 'record')
      ? [new PolicyStatement({ actions: ['route53:GetChange'], resources: [changes] })]
      : []),
  ]
}

function hookArns({ failovers }: Config): string[] {
  const hooks = failovers.flatMap(({ hooks: { before, after } }) => [before, after])
  return [...new Set(hooks.flatMap((hook) => (hook && 'lambda' in hook ? [hook.lambda] : [])))]
}
