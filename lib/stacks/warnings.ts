import { Annotations, type Stack } from 'aws-cdk-lib'
import type { AwsWarning } from '../decide/aws-warnings.ts'
import type { Config } from '../model/config.ts'

/** Says in a stack what can be deployed and should have been meant. */
export function warn(stack: Stack, warnings: readonly AwsWarning[]): void {
  for (const { rule, text } of warnings) Annotations.of(stack).addWarningV2(`vedette:${rule}`, text)
}

/** Says of failovers in mode "observe" that this is what they do. */
export function tellOfObservers(stack: Stack, { failovers }: Config): void {
  for (const { id, mode } of failovers) {
    if (mode !== 'observe') continue
    Annotations.of(stack).addInfoV2(
      'vedette:observe',
      `Failover ${id} is in mode "observe": it measures and reports, and moves nothing.`,
    )
  }
}
