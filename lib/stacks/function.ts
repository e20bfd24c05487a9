import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import type { Role } from 'aws-cdk-lib/aws-iam'
import {
  ApplicationLogLevel,
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Config } from '../model/config.ts'
import { withCode } from './asset.ts'

/** What one of our functions is. */
export interface FunctionSpec {
  name: string
  description: string
  /** Its code and what lies beside it. */
  files: Record<string, string>
  memoryMb: number
  timeoutSeconds: number
  role: Role
  logGroup: LogGroup
  environment?: Record<string, string>
  /** Runs at once that are kept free for it alone; shared with the rest of the account where absent. */
  reserved?: number | undefined
  /** ARN of a topic that is told of calls that failed or were dropped. */
  failedTo?: string
}

/** The log of a function, under the name that Lambda gives it. */
export function addLogGroup(scope: Stack, id: string, functionName: string): LogGroup {
  return new LogGroup(scope, id, {
    logGroupName: `/aws/lambda/${functionName}`,
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  })
}

/** A function that runs a bundle of ours. What comes late is left out, and nothing is run twice. */
export function addFunction(scope: Stack, id: string, spec: FunctionSpec): LambdaFunction {
  const { name, description, files, memoryMb, timeoutSeconds, role, logGroup, environment, reserved, failedTo } = spec
  return withCode(
    files,
    (code) =>
      new LambdaFunction(scope, id, {
        ...{ functionName: name, description, role, logGroup, code, handler: 'index.handler' },
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        memorySize: memoryMb,
        timeout: Duration.seconds(timeoutSeconds),
        loggingFormat: LoggingFormat.JSON,
        systemLogLevelV2: SystemLogLevel.WARN,
        applicationLogLevelV2: ApplicationLogLevel.INFO,
        // A run that comes late votes for a minute that is over, or decides on what is no more: it is left out instead.
        retryAttempts: 0,
        maxEventAge: Duration.seconds(60),
        ...(environment && { environment }),
        ...(reserved !== undefined && { reservedConcurrentExecutions: reserved }),
        // By its ARN: what the role may publish to is said where the role is made.
        ...(failedTo !== undefined && { onFailure: { bind: () => ({ destination: failedTo }) } }),
      }),
  )
}

/**
 * So many runs at once kept free for a function, unless the config says that it may share. An account that has 100 or fewer
 * to leave unreserved refuses it (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html).
 */
export function reservedFor({ allow }: Pick<Config, 'allow'>, count: number): number | undefined {
  return allow['shared-concurrency'] !== undefined ? undefined : count
}
