import { CloudWatchClient, GetMetricStatisticsCommand, type Statistic } from '@aws-sdk/client-cloudwatch'

/** Metrics of one minute: what alarms would see. */
export interface Point {
  atMs: number
  sum: number
  samples: number
  maximum: number
}

/** The parts of AWS that a sandbox is looked at through; all by region. */
export interface Aws {
  /** Minute by minute, oldest first, from `fromMs` on. */
  metric(region: string, name: string, dimensions: Record<string, string>, fromMs: number): Promise<Point[]>
  /** Calls a function and waits for what it gives; rejects with what it throws. */
  invoke<Answer>(region: string, functionName: string, event: unknown): Promise<Answer>
  /** Every line in a log group. */
  logLines(region: string, group: string): Promise<string[]>
  /** Calls a JSON service: `json('eu-west-1', 'ssm', 'AmazonSSM.PutParameter', { … })`. */
  json<Answer>(region: string, service: string, target: string, body: unknown): Promise<Answer>
  /** Calls a service of the older kind, that takes a form and answers in XML; gives that. */
  query(region: string, service: string, form: Record<string, string>): Promise<string>
  /** Calls a REST service. */
  rest<Answer>(region: string, service: string, method: string, path: string, body?: unknown): Promise<Answer>
}

const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' }

export function awsAt(endpoint: string): Aws {
  type Init = RequestInit & { region: string; service: string }
  const sendForText = async ({ region, service, ...init }: Init, path: string): Promise<string> => {
    // The sandbox reads region and service from the scope, and checks no signature.
    const scope = `Credential=sandbox/20260101/${region}/${service}/aws4_request`
    const authorization = `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=0`
    const response = await fetch(endpoint + path, { ...init, headers: { ...init.headers, authorization } })
    const text = await response.text()
    const failure = response.headers.get('x-amz-function-error') ?? (response.ok ? undefined : response.status)
    if (failure) throw new Error(`${service} in ${region} answered ${failure}: ${text.slice(0, 500)}`)
    return text
  }
  const send = async <Answer>(init: Init, path = '/'): Promise<Answer> => {
    const text = await sendForText(init, path)
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }
  const rest: Aws['rest'] = (region, service, method, path, body) => {
    const json =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    return send({ region, service, method, ...json }, path)
  }
  const json: Aws['json'] = (region, service, target, body) => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
    return send({ region, service, method: 'POST', headers, body: JSON.stringify(body) })
  }
  return {
    rest,
    json,
    query: (region, service, form) =>
      sendForText({ region, service, method: 'POST', body: new URLSearchParams(form) }, '/'),
    invoke: (region, name, event) => rest(region, 'lambda', 'POST', `/2015-03-31/functions/${name}/invocations`, event),
    logLines: async (region, group) => {
      const request = { logGroupName: group, limit: 10_000 }
      const { events } = await json<{ events: { message: string }[] }>(
        ...([region, 'logs', 'Logs_20140328.FilterLogEvents', request] as const),
      )
      return events.map(({ message }) => message.trim())
    },
    metric: async (region, name, dimensions, fromMs) => {
      const client = new CloudWatchClient({ region, endpoint, credentials })
      const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }))
      const Statistics: Statistic[] = ['Sum', 'SampleCount', 'Maximum']
      const { Datapoints = [] } = await client.send(
        new GetMetricStatisticsCommand({
          ...{ Namespace: 'Vedette', MetricName: name, Dimensions, Statistics, Period: 60 },
          ...{ StartTime: new Date(fromMs), EndTime: new Date(fromMs + 24 * 3_600_000) },
        }),
      )
      return Datapoints.map(({ Timestamp, Sum = 0, SampleCount = 0, Maximum = 0 }) => {
        return { atMs: Timestamp?.getTime() ?? 0, sum: Sum, samples: SampleCount, maximum: Maximum }
      }).sort((a, b) => a.atMs - b.atMs)
    },
  }
}
