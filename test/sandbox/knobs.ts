import { onTestFinished } from 'vitest'
import { eventually } from './eventually.ts'
import type { Sandbox } from './sandbox.ts'

/** The sandbox's alarms add up every monitor's votes: one outage would open them all, and have all failovers decided on. */
export async function deleteDownAlarms({ aws, config }: Sandbox): Promise<void> {
  const call = <Answer>(region: string, action: string, body: object) =>
    aws.json<Answer>(region, 'monitoring', `GraniteServiceVersion20100801.${action}`, body)
  for (const region of config.controllers) {
    const { MetricAlarms } = await call<{ MetricAlarms: { AlarmName: string }[] }>(region, 'DescribeAlarms', {})
    const AlarmNames = MetricAlarms.map(({ AlarmName }) => AlarmName).filter((name) => name.endsWith('-down'))
    await call(region, 'DeleteAlarms', { AlarmNames })
  }
}

/** Stops every schedule from firing; what runs already goes on. */
export async function switchOffSchedules({ aws, config }: Sandbox): Promise<void> {
  interface Schedule {
    Name: string
    GroupName: string
  }
  for (const region of [...config.vantages, ...config.controllers]) {
    const { Schedules } = await aws.rest<{ Schedules: Schedule[] }>(region, 'scheduler', 'GET', '/schedules')
    for (const { Name, GroupName } of Schedules) {
      const path = `/schedules/${Name}?groupName=${GroupName}`
      const schedule = await aws.rest<Schedule>(region, 'scheduler', 'GET', path)
      await aws.rest(region, 'scheduler', 'PUT', `/schedules/${Name}`, { ...schedule, State: 'DISABLED' })
    }
  }
}

/** Has a function refuse every call until the test has ended. */
export async function uncallable({ aws }: Sandbox, region: string, name: string): Promise<void> {
  const path = `/2017-10-31/functions/${name}/concurrency`
  onTestFinished(async () => {
    await aws.rest(region, 'lambda', 'DELETE', path)
  })
  await aws.rest(region, 'lambda', 'PUT', path, { ReservedConcurrentExecutions: 0 })
}

/** Has the next call of a function find no container that remembers anything: what it is given has changed. */
export async function startCold({ aws }: Sandbox, region: string, name: string): Promise<void> {
  const path = `/2015-03-31/functions/${name}/configuration`
  const look = () => aws.rest<{ MemorySize: number; LastUpdateStatus: string }>(region, 'lambda', 'GET', path)
  await aws.rest(region, 'lambda', 'PUT', path, { MemorySize: (await look()).MemorySize + 1 })
  const isReady = async () => ((await look()).LastUpdateStatus === 'Successful' ? true : undefined)
  await eventually(`${name} to have changed`, isReady, 60_000)
}
