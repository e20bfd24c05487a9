/** A list price of AWS in us-east-1, in US dollars. */
export interface Price {
  usd: number
  per: number
  unit: string
  source: string
}

/** When the prices below were read. They are list prices: free tiers and discounts are left out. */
export const pricesAsOf = '2026-11'

const cloudWatch = 'https://aws.amazon.com/cloudwatch/pricing/'
const lambda = 'https://aws.amazon.com/lambda/pricing/'
const dynamoDb = 'https://aws.amazon.com/dynamodb/pricing/on-demand/'
const route53 = 'https://aws.amazon.com/route53/pricing/'

/** Minutes of a month, as it is billed here. */
export const monthMinutes = 30 * 24 * 60
/** How often a function reads a secret that it needs all the time: it keeps it for five minutes. */
export const secretReadsPerMonth = monthMinutes / 5

/** What is paid for. */
export const prices = {
  metric: { usd: 0.3, per: 1, unit: 'metric', source: cloudWatch },
  alarm: { usd: 0.1, per: 1, unit: 'alarm', source: cloudWatch },
  // An alarm over an expression costs one for each metric in it; one over a band three: the metric and both of its edges.
  alarmMetric: { usd: 0.1, per: 1, unit: 'alarm metric', source: cloudWatch },
  compositeAlarm: { usd: 0.5, per: 1, unit: 'composite alarm', source: cloudWatch },
  // DescribeAlarms costs the same.
  putMetricData: { usd: 0.01, per: 1000, unit: 'request', source: cloudWatch },
  logs: { usd: 0.5, per: 1, unit: 'GB', source: cloudWatch },
  dashboard: { usd: 3, per: 1, unit: 'dashboard', source: cloudWatch },
  lambdaSecond: { usd: 0.0000133334, per: 1, unit: 'GB-second', source: lambda },
  lambdaRequest: { usd: 0.2, per: 1_000_000, unit: 'invocation', source: lambda },
  secret: { usd: 0.4, per: 1, unit: 'secret', source: 'https://aws.amazon.com/secrets-manager/pricing/' },
  secretRead: { usd: 0.05, per: 10_000, unit: 'read', source: 'https://aws.amazon.com/secrets-manager/pricing/' },
  // Beyond 14 million a month, which are free for good.
  schedule: { usd: 1, per: 1_000_000, unit: 'invocation', source: 'https://aws.amazon.com/eventbridge/pricing/' },
  dynamoRead: { usd: 0.125, per: 1_000_000, unit: 'read unit', source: dynamoDb },
  dynamoWrite: { usd: 0.625, per: 1_000_000, unit: 'write unit', source: dynamoDb },
  queueRequest: { usd: 0.4, per: 1_000_000, unit: 'request', source: 'https://aws.amazon.com/sqs/pricing/' },
  // Of endpoints in AWS, of alarms and of other checks; the one below is of endpoints elsewhere.
  plainHealthCheck: { usd: 0.5, per: 1, unit: 'health check', source: route53 },
  healthCheck: { usd: 0.75, per: 1, unit: 'health check', source: route53 },
  healthCheckFeature: { usd: 2, per: 1, unit: 'feature', source: route53 },
  canaryRun: { usd: 0.0012, per: 1, unit: 'run', source: cloudWatch },
} satisfies Record<string, Price>

/** One line of the bill. */
export interface CostLine {
  what: string
  /** How the quantity comes about, in words and numbers. */
  formula: string
  quantity: number
  unit: string
  /** US dollars for `per` units. */
  price: { usd: number; per: number }
  monthlyUsd: number
  source: string
}

/** A line: so many of something at its price. */
export function line(what: string, formula: string, quantity: number, { usd, per, unit, source }: Price): CostLine {
  return { what, formula, quantity, unit, price: { usd, per }, monthlyUsd: (quantity * usd) / per, source }
}

/** All of them added up. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

/** `1,234,567`, or with decimals where it is small. */
export function amount(number: number): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: number < 100 ? 2 : 0 })
}
