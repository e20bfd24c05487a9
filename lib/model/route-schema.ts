import { z } from 'zod'
import { duration, id, integer, oneOf, secret, timeZone } from './fields.ts'
import { isPostUrl } from './host-port.ts'
import { type Hours, type NotifySettings, type Route, type Routes, type Severity, weekdays } from './route.ts'

const [second, minute] = [1000, 60_000]
const hour = 60 * minute
const day = 24 * hour

const tags = z.array(z.string('a tag').min(1, 'a tag').max(64, 'a tag of at most 64 characters'), 'a list of tags')

const clock = z
  .string('a time of day such as "08:30"')
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a time of day such as "08:30", from "00:00" to "24:00"')

const hoursShape = z.strictObject({
  days: z
    .array(oneOf(...weekdays), 'a list of weekdays')
    .min(1, 'at least one weekday')
    .default(['MON', 'TUE', 'WED', 'THU', 'FRI']),
  from: clock,
  to: clock,
  timeZone: timeZone.default('UTC'),
})

const common = {
  name: id.exactOptional(),
  tags: tags.min(1, 'at least one tag').exactOptional(),
  mute: tags.default([]),
  hours: hoursShape.exactOptional(),
}

/** A key that is sent over plain HTTP is everybody's, except on this machine. */
const apiUrl = z.string('an https URL').refine((value) => {
  const url = URL.parse(value)
  return url !== null && url.search === '' && url.hash === '' && isPostUrl(value)
}, 'an https URL without user, query and fragment (http on loopback only)')

/** A secret that is an address; as a text it has to be one already. */
const secretUrl = secret.refine(
  (value) => typeof value !== 'string' || isPostUrl(value),
  'an https URL without user (http on loopback only), or one of { "secret": name }, { "ssm": name }, { "env": name }',
)

/** An integration key has 32 characters (https://developer.pagerduty.com/docs/send-alert-event). */
const routingKey = secret.refine(
  (value) => typeof value !== 'string' || /^[A-Za-z0-9]{32}$/.test(value),
  'an integration key of 32 letters and digits, or one of { "secret": name }, { "ssm": name }, { "env": name }',
)

const channel = z
  .string('the id of a channel')
  .regex(/^[A-Z][A-Z0-9]{5,20}$/, 'the id of a channel, such as "C0123456789" (its details in Slack show it)')

const topicArn = z
  .string('the ARN of a topic')
  .regex(/^arn:[a-z0-9-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/, 'the ARN of a standard topic')

/** PagerDuty's service region (https://support.pagerduty.com/main/docs/service-regions) or Slack for governments have other addresses. */
const defaultUrls = { pagerduty: 'https://events.pagerduty.com', slack: 'https://slack.com/api' } as const

const pagerduty = z.strictObject({
  ...common,
  kind: z.literal('pagerduty'),
  routingKey,
  url: apiUrl.default(defaultUrls.pagerduty),
})
const slack = z.strictObject({
  ...common,
  kind: z.literal('slack'),
  webhook: secretUrl.exactOptional(),
  token: secret.exactOptional(),
  channel: channel.exactOptional(),
  url: apiUrl.default(defaultUrls.slack),
})
const webhook = z.strictObject({
  ...common,
  kind: z.literal('webhook'),
  url: secretUrl,
  secret: secret.exactOptional(),
})
const sns = z.strictObject({ ...common, kind: z.literal('sns'), topicArn })

const eitherSlack =
  'either "webhook", or "token" and "channel" (with these, messages are edited when all is well again)'

const routeShape = z
  .discriminatedUnion(
    'kind',
    [pagerduty, slack, webhook, sns],
    'a route whose "kind" is "pagerduty", "slack", "webhook" or "sns"',
  )
  .superRefine((route, context) => {
    if (route.kind !== 'slack') return
    const isBot = route.token !== undefined && route.channel !== undefined
    const isHook = route.webhook !== undefined && route.token === undefined && route.channel === undefined
    if (isBot === isHook || (isBot && route.webhook !== undefined))
      context.addIssue({ code: 'custom', message: eitherSlack, path: [] })
  })

export const routesShape = z
  .strictObject({
    page: z.array(routeShape, 'a list of routes').max(20, 'at most 20 routes').default([]),
    ticket: z.array(routeShape, 'a list of routes').max(20, 'at most 20 routes').default([]),
  })
  .prefault({})

const link = z.string('an http or https URL').refine((value) => {
  const url = URL.parse(value.replaceAll(/\{(monitor|service)\}/g, 'x'))
  return url !== null && /^https?:$/.test(url.protocol) && value.length <= 1000 && !url.username
}, 'an http or https URL of at most 1,000 characters; {monitor} and {service} in it are filled in')

export const notifyShape = z
  .strictObject({
    reminders: duration(5 * minute, 7 * day).exactOptional(),
    heartbeat: duration(hour, 7 * day).exactOptional(),
    storm: z
      .strictObject({ count: integer(2, 1000).default(10), within: duration(10 * second, hour).default(minute) })
      .prefault({}),
    mute: tags.default([]),
    links: z
      .strictObject({ dashboard: link.exactOptional(), logs: link.exactOptional(), runbook: link.exactOptional() })
      .prefault({}),
  })
  .prefault({})

export type RoutesParsed = z.output<typeof routesShape>
type RouteParsed = RoutesParsed[Severity][number]

/** Routes with a name each and nothing left open. */
export function completeRoutes(routes: RoutesParsed): Routes {
  const named = (severity: Severity) =>
    routes[severity].map((route, i): Route => ({ ...ofKind(route), ...commonOf(route, nameOf(severity, i, route)) }))
  return { page: named('page'), ticket: named('ticket') }
}

/** The name that a route has, or is given. */
export function nameOf(severity: Severity, index: number, { name }: { name?: string }): string {
  return name ?? `${severity}-${index + 1}`
}

function commonOf({ tags, mute, hours }: RouteParsed, name: string) {
  return { name, mute, ...(tags && { tags }), ...(hours && { hours: completeHours(hours) }) }
}

function ofKind(route: RouteParsed) {
  if (route.kind === 'pagerduty') return { kind: route.kind, routingKey: route.routingKey, url: route.url }
  if (route.kind === 'webhook')
    return { kind: route.kind, url: route.url, ...(route.secret && { secret: route.secret }) }
  if (route.kind === 'sns') return { kind: route.kind, topicArn: route.topicArn }
  if (route.webhook !== undefined) return { kind: route.kind, webhook: route.webhook }
  // The schema has seen to both.
  return { kind: route.kind, token: route.token ?? '', channel: route.channel ?? '', url: route.url }
}

function completeHours({ days, from, to, timeZone }: z.output<typeof hoursShape>): Hours {
  return { days, fromMinute: minuteOf(from), toMinute: minuteOf(to), timeZone }
}

function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return hours * 60 + minutes
}

/** How notices are sent, with durations in milliseconds under the names that say so. */
export function completeNotify({ reminders, heartbeat, storm, ...rest }: z.output<typeof notifyShape>): NotifySettings {
  return {
    ...rest,
    storm: { count: storm.count, withinMs: storm.within },
    ...(reminders !== undefined && { remindMs: reminders }),
    ...(heartbeat !== undefined && { heartbeatMs: heartbeat }),
  }
}
