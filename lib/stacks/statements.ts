import { ArnFormat, type Stack } from 'aws-cdk-lib'
import { Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { namespaceOf } from '../decide/names.ts'
import { secretsOf } from '../decide/secrets.ts'
import type { Config } from '../model/config.ts'
import type { Monitor, SecretRef } from '../model/monitor.ts'

/** Policies by name; IAM takes no empty one. */
export function documents(policies: Record<string, PolicyStatement[]>): Record<string, PolicyDocument> {
  return Object.fromEntries(
    Object.entries(policies)
      .filter(([, statements]) => statements.length > 0)
      .map(([name, statements]) => [name, new PolicyDocument({ statements })]),
  )
}

/** Actions on resources, if there are any. */
export function allow(actions: string[], resources: string[]): PolicyStatement[] {
  return resources.length > 0 ? [new PolicyStatement({ actions, resources })] : []
}

/** To write one's own log. */
export function logsStatement(logGroup: LogGroup): PolicyStatement {
  return new PolicyStatement({
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  })
}

/** CloudWatch knows no resource for metrics: the namespace is what can be named (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html). */
export function metricsStatement(config: Config): PolicyStatement {
  return new PolicyStatement({
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': namespaceOf(config) } },
  })
}

/** To read the secrets that monitors name, in the region of the stack. */
export function secretStatements(scope: Stack, monitors: readonly Monitor[]): PolicyStatement[] {
  return refStatements(
    scope,
    secretsOf(monitors).map(({ ref }) => ref),
  )
}

/** To read the secrets that are referred to, in the region of the stack. */
export function refStatements(scope: Stack, refs: readonly SecretRef[]): PolicyStatement[] {
  const secrets = new Set(refs.flatMap((ref) => ('secret' in ref ? [ref.secret] : [])))
  const parameters = new Set(refs.flatMap((ref) => ('ssm' in ref ? [ref.ssm] : [])))
  // Secrets Manager puts six characters of its own behind a secret's name in its ARN.
  const secretArn = (name: string) => scope.formatArn({ service: 'secretsmanager', resource: `secret:${name}-??????` })
  const parameterArn = (name: string) =>
    scope.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.replace(/^\//, '') })
  return [
    ...allow(['secretsmanager:GetSecretValue'], [...secrets].map(secretArn)),
    ...allow(['ssm:GetParameter'], [...parameters].map(parameterArn)),
  ]
}

const networkActions = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
]

/**
 * Lambda makes the network interfaces with the function's role and takes no narrower resource; the function's own code may
 * not (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
 */
export function networkStatements(scope: Stack, functionName: string): PolicyStatement[] {
  return [
    new PolicyStatement({ actions: networkActions, resources: ['*'] }),
    new PolicyStatement({
      effect: Effect.DENY,
      actions: networkActions,
      resources: ['*'],
      conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn(scope, functionName) } },
    }),
  ]
}

/** The ARN of a function of this account by its name: in the stack's region, or another. No reference, so no stack waits for it. */
export function functionArn(scope: Stack, functionName: string, region?: string): string {
  return scope.formatArn({
    ...{ service: 'lambda', resource: 'function', resourceName: functionName },
    ...{ arnFormat: ArnFormat.COLON_RESOURCE_NAME, ...(region !== undefined && { region }) },
  })
}
