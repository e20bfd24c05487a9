import { Stack, Token, Validations } from 'aws-cdk-lib'
import type { Role } from 'aws-cdk-lib/aws-iam'

/** Why the roles of functions have statements on all resources. */
const reasons = {
  metrics:
    'PutMetricData knows no resources; the condition on cloudwatch:namespace limits it to the metrics of this service.',
  network:
    "Lambda manages a function's network interfaces with its role and describes them on all resources only; a statement denies the same to the function's own code.",
  reading:
    'GetMetricData knows no resources and DescribeAlarms of several names needs them all; both only read, and no metric holds a secret.',
}

/** Acknowledges that cdk-nag finds statements on all resources in a role, for these reasons. */
export function acknowledgeAnyResource(role: Role, because: (keyof typeof reasons)[]): void {
  if (because.length === 0) return
  const reason = because.map((key) => reasons[key]).join(' ')
  Validations.of(role).acknowledge({ id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]', reason })
}

/** Acknowledges that the id of a change is known only when it has been made. */
export function acknowledgeChanges(role: Role, arn: string): void {
  const reason = 'The id of a change is known only when it has been made; GetChange only says whether it is everywhere.'
  Validations.of(role).acknowledge({ id: `AwsSolutions::AwsSolutions-IAM5[Resource::${arn}]`, reason })
}

/** Acknowledges that a log group's streams are named by Lambda. cdk-nag writes an account that is not known yet as a reference. */
export function acknowledgeLogs(role: Role, arns: readonly string[]): void {
  const reason =
    'Streams of a log group are named by Lambda; reading is limited to the log groups of the probe functions.'
  const { account } = Stack.of(role)
  for (const arn of arns) {
    const shown = Token.isUnresolved(account) ? arn.replace(account, '<AWS::AccountId>') : arn
    Validations.of(role).acknowledge({ id: `AwsSolutions::AwsSolutions-IAM5[Resource::${shown}]`, reason })
  }
}
