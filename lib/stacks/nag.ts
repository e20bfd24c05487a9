import { Validations } from 'aws-cdk-lib'
import type { Role } from 'aws-cdk-lib/aws-iam'

const metrics =
  'PutMetricData knows no resources; the condition on cloudwatch:namespace limits it to the metrics of this service.'
const network =
  "Lambda manages a function's network interfaces with its role and describes them on all resources only; a statement denies the same to the function's own code."

/** Acknowledges what cdk-nag finds in the role of a probe function. */
export function acknowledgeRole(role: Role, { isInVpc }: { isInVpc: boolean }): void {
  Validations.of(role).acknowledge({
    id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
    reason: isInVpc ? `${metrics} ${network}` : metrics,
  })
}
