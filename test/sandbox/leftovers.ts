import type { Aws } from './aws.ts'

/**
 * What of Vedette is left in a region, by kind; nothing where all is gone. `sinceMs` is when it was destroyed: a loop that was
 * under way has its log group made anew here, while in AWS its role may not.
 */
export async function leftIn(region: string, { rest, json }: Aws, sinceMs: number): Promise<Record<string, unknown[]>> {
  const { Functions } = await rest<{ Functions: unknown[] }>(region, 'lambda', 'GET', '/2015-03-31/functions')
  const { Schedules } = await rest<{ Schedules: unknown[] }>(region, 'scheduler', 'GET', '/schedules')
  const { MetricAlarms } = await json<{ MetricAlarms: unknown[] }>(
    ...([region, 'monitoring', 'GraniteServiceVersion20100801.DescribeAlarms', {}] as const),
  )
  const { logGroups } = await json<{ logGroups: { logGroupName: string; creationTime: number }[] }>(
    ...([region, 'logs', 'Logs_20140328.DescribeLogGroups', {}] as const),
  )
  const { TableNames } = await json<{ TableNames: unknown[] }>(
    ...([region, 'dynamodb', 'DynamoDB_20120810.ListTables', {}] as const),
  )
  const LogGroups = logGroups.filter(
    ({ logGroupName, creationTime }) => logGroupName.includes('vedette-') && creationTime < sinceMs,
  )
  const found = { Functions, Schedules, MetricAlarms, LogGroups, TableNames }
  return Object.fromEntries(Object.entries(found).filter(([, all]) => all.length > 0))
}
