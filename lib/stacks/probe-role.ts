import { ArnFormat, type Stack } from 'aws-cdk-lib'
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { namespaceOf, probeName } from '../decide/names.ts'
import { monitorsOf } from '../decide/plan.ts'
import { secretsOf } from '../decide/secrets.ts'
import type { Config, Vantage } from '../model/config.ts'
import { acknowledgeRole } from './nag.ts'

/** What the probe function of a vantage may do: write its log and its metrics, and read the secrets that its monitors name. */
export function probeRole(scope: Stack, config: Config, vantage: Vantage, logGroup: LogGroup): Role {
  const role = new Role(scope, 'ProbeRole', {
    description: `Runs ${probeName(config, vantage.id)}`,
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: documents({
      Logs: [logsStatement(logGroup)],
      Metrics: [metricsStatement(config)],
      Secrets: secretStatements(scope, config, vantage),
      Network: vantage.vpcId === undefined ? [] : networkStatements(scope, config, vantage),
    }),
  })
  acknowledgeRole(role, { isInVpc: vantage.vpcId !== undefined })
  return role
}

/** Policies by name; IAM takes no empty one. */
function documents(policies: Record<string, PolicyStatement[]>): Record<string, PolicyDocument> {
  return Object.fromEntries(
    Object.entries(policies)
      .filter(([, statements]) => statements.length > 0)
      .map(([name, statements]) => [name, new PolicyDocument({ statements })]),
  )
}

function logsStatement(logGroup: LogGroup): PolicyStatement {
  return new PolicyStatement({
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  })
}

/** CloudWatch knows no resource for metrics: the namespace is what can be named (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html). */
function metricsStatement(config: Config): PolicyStatement {
  return new PolicyStatement({
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': namespaceOf(config) } },
  })
}

function secretStatements(scope: Stack, config: Config, vantage: Vantage): PolicyStatement[] {
  const refs = secretsOf(monitorsOf(config.monitors, vantage)).map(({ ref }) => ref)
  const secrets = new Set(refs.flatMap((ref) => ('secret' in ref ? [ref.secret] : [])))
  const parameters = new Set(refs.flatMap((ref) => ('ssm' in ref ? [ref.ssm] : [])))
  // Secrets Manager puts six characters of its own behind a secret's name in its ARN.
  const secretArn = (name: string) => scope.formatArn({ service: 'secretsmanager', resource: `secret:${name}-??????` })
  const parameterArn = (name: string) =>
    scope.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.replace(/^\//, '') })
  return [
    ...(secrets.size > 0
      ? [
          new PolicyStatement({
            actions: ['secretsmanager:GetSecretValue'],
            resources: [...secrets].map(secretArn),
          }),
        ]
      : []),
    ...(parameters.size > 0
      ? [new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [...parameters].map(parameterArn) })]
      : []),
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
function networkStatements(scope: Stack, config: Config, vantage: Vantage): PolicyStatement[] {
  const functionArn = scope.formatArn({
    ...{ service: 'lambda', resource: 'function', resourceName: probeName(config, vantage.id) },
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
  return [
    new PolicyStatement({ actions: networkActions, resources: ['*'] }),
    new PolicyStatement({
      effect: Effect.DENY,
      actions: networkActions,
      resources: ['*'],
      conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
    }),
  ]
}
