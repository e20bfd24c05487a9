import { Stack } from 'aws-cdk-lib'
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler'

/** When a function is called, and with what. */
export interface FunctionSchedule {
  name: string
  expression: string
  event: object
}

/** The schedules of a function, all in a group of the name given. */
export function addSchedules(
  scope: Stack,
  called: IFunction,
  groupName: string,
  schedules: readonly FunctionSchedule[],
): void {
  const group = new CfnScheduleGroup(scope, 'Schedules', { name: groupName })
  const role = schedulerRole(scope, called, groupName)
  for (const { name, expression, event } of schedules) {
    const schedule = new CfnSchedule(scope, `Schedule-${name}`, {
      name,
      groupName,
      scheduleExpression: expression,
      flexibleTimeWindow: { mode: 'OFF' },
      state: 'ENABLED',
      target: {
        arn: called.functionArn,
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
function schedulerRole(scope: Stack, called: IFunction, groupName: string): Role {
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
        statements: [new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [called.functionArn] })],
      }),
    },
  })
}
