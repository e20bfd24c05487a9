import { Stack } from 'aws-cdk-lib'
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'
import { type ProbeAsset, type ProbeEvent, scheduledTimePlaceholder } from '../decide/probe-asset.ts'
import { scheduleExpression } from '../decide/schedule.ts'

/** One schedule for each shard of a vantage, all in a group of the name given. */
export function addSchedules(scope: Stack, probe: IFunction, { shards, place }: ProbeAsset, groupName: string): void {
  const group = new CfnScheduleGroup(scope, 'Schedules', { name: groupName })
  const role = schedulerRole(scope, probe, groupName)
  for (const { id, everyMs } of shards) {
    const event: ProbeEvent = { shard: id, scheduledTime: scheduledTimePlaceholder }
    const schedule = new CfnSchedule(scope, `Schedule-${id}`, {
      name: id,
      groupName,
      scheduleExpression: scheduleExpression(everyMs, place),
      flexibleTimeWindow: { mode: 'OFF' },
      state: 'ENABLED',
      target: {
        arn: probe.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify(event),
        // A run that could not be started in its minute is left out: the next one is near.
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    })
    schedule.addResourceDependency(group)
  }
}

/** What the schedules call the function with: they alone may be this role. */
function schedulerRole(scope: Stack, probe: IFunction, groupName: string): Role {
  const { account } = Stack.of(scope)
  const group = scope.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: groupName })
  return new Role(scope, 'SchedulerRole', {
    description: `Calls ${groupName}`,
    // https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': group } },
    }),
    inlinePolicies: {
      Invoke: new PolicyDocument({
        statements: [new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [probe.functionArn] })],
      }),
    },
  })
}
