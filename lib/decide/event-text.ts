import { formatDuration, inTwoUnits } from '../model/duration.ts'
import type { Blast, EventOf, EventType, VedetteEvent } from '../model/event.ts'
import { listed, oneLine } from './plain.ts'

/** One line of a message under its heading: `Since`, `Seen by`. */
export type Fact = [name: string, text: string]

/** What there is to say of an event: the first line, which holds the cause, and the rest. */
export interface Described {
  title: string
  facts: Fact[]
}

type Tellers = { [T in EventType]: (event: EventOf<T>) => Described }

const tellers: Tellers = {
  'monitor.down': (event) => trouble(event, 'is down'),
  'monitor.degraded': (event) => trouble(event, 'is degraded'),
  'monitor.recovered': ({ monitor, target }) => of(`${monitor} is up again`, ['What', target]),
  'latency.slow': (event) =>
    of(`${event.monitor} is slow: ${slowText(event)}`, ['What', event.target], ['Since', time(event.sinceMs)]),
  'latency.normal': ({ monitor, target }) => of(`${monitor} is as fast as usual again`, ['What', target]),
  'budget.burning': (event) => burning(event),
  'budget.calm': ({ monitor, target }) =>
    of(`${monitor} burns its error budget no faster than allowed`, ['What', target]),
  'certificate.expiring': ({ monitor, subject, daysRemaining, detail }) =>
    of(
      `${monitor === undefined ? 'A certificate' : `The certificate of ${monitor}`} ${expiry(daysRemaining)}`,
      ...(subject === undefined ? [] : [['Certificate', subject] as Fact]),
      ['Cause', detail],
    ),
  'certificate.renewed': ({ monitor }) =>
    of(`${monitor === undefined ? 'All certificates are' : `The certificate of ${monitor} is`} good for long again`),
  'vantage.blind': ({ vantage, sinceMs, detail }) =>
    of(`The vantage ${vantage} is blind: ${detail}`, ['Since', time(sinceMs)], ['Cause', detail]),
  'vantage.seeing': ({ vantage }) => of(`The vantage ${vantage} sees again`),
  'fault.opened': ({ part, detail }) => of(`Vedette itself: ${part}: ${detail}`, ['Cause', detail]),
  'fault.closed': ({ part }) => of(`Vedette itself: ${part} works again`),
  'failover.started': ({ failover, record, to, why, reasons }) =>
    of(`Failover ${failover}: ${record} is being moved to ${to} (${why})`, ...because(reasons)),
  'failover.done': ({ failover, record, to, tookMs, downForMs }) =>
    of(
      `Failover ${failover}: ${record} was moved to ${to}`,
      ...(downForMs === undefined ? [] : [['Moved', `${ms(downForMs)} after the failure was first seen`] as Fact]),
      ['Record written in', ms(tookMs)],
    ),
  'failover.verified': ({ failover, record, to }) =>
    of(`Failover ${failover}: ${record} leads to ${to} everywhere, and it answers`),
  'failover.refused': ({ failover, record, to, code, reasons }) =>
    of(
      `Failover ${failover}: ${record} was not moved${to === undefined ? '' : ` to ${to}`}: ${code}`,
      ...because(reasons),
    ),
  'failover.asked': ({ failover, record, to, reasons }) =>
    of(
      `Failover ${failover}: ${record} should move to ${to ?? 'another endpoint'}, and waits for approval`,
      ['To do', `vedette failover approve ${to ?? 'ENDPOINT'} --failover ${failover}`],
      ...because(reasons),
    ),
  'failover.settled': ({ failover, record }) => of(`Failover ${failover}: nothing to decide for ${record} any more`),
  'failover.failed': ({ failover, record, to, code, detail }) =>
    of(`Failover ${failover}: moving ${record}${to === undefined ? '' : ` to ${to}`} failed: ${code}`, [
      'Cause',
      detail,
    ]),
  'failover.notReady': ({ failover, record, problems }) =>
    of(
      `Failover ${failover}: ${record} could not move now: ${problems.map(({ code }) => code).join(', ')}`,
      ...problems.map(({ code, detail }): Fact => [code, detail]),
    ),
  'failover.ready': ({ failover, record }) => of(`Failover ${failover}: ${record} is ready to move again`),
  'drill.passed': (event) => drill(event, 'passed'),
  'drill.failed': (event) => drill(event, 'failed'),
  'drill.yielded': (event) => drill(event, 'gave way to a real decision'),
  change: ({ text, url }) => of(`Changed: ${text}`, ...(url === undefined ? [] : [['Where', url] as Fact])),
  storm: ({ open, causes, monitors, sinceMs }) =>
    of(
      `${open === 1 ? '1 incident is left' : `${open} incidents at once`}: ${causes.map(({ code, count }) => `${count} × ${code}`).join(', ')}`,
      ['Since', time(sinceMs)],
      [
        'Which',
        listed(monitors.slice(0, open), 50) + (open > monitors.length ? ` and ${open - monitors.length} more` : ''),
      ],
    ),
  'route.failing': ({ route, reason, unheard }) =>
    of(`The route ${route} cannot be told: ${reason}`, ['Not told there', unheard]),
  'route.working': ({ route }) => of(`The route ${route} works again`),
  'route.heartbeat': ({ service, test }) =>
    of(test ? `Test of the routes of ${service}: nothing is wrong` : `Vedette watches ${service}, and can reach you`),
}

/** What there is to say of an event. */
export function describe(event: VedetteEvent): Described {
  // The table is complete by its type, which TypeScript cannot follow through an index.
  const { title, facts } = (tellers[event.type] as (event: VedetteEvent) => Described)(event)
  return { title: oneLine(title), facts: facts.map(([name, text]) => [oneLine(name), oneLine(text)]) }
}

/** How slow it is, as far as that is known: `p95 is 1.2 s, over its limit of 800 ms`. */
export function slowText({
  statistic,
  valueMs,
  limitMs,
  against,
}: Omit<EventOf<'latency.slow'>, 'service' | 'atMs'>): string {
  const limit =
    against === 'limit'
      ? `its limit${limitMs === undefined ? '' : ` of ${ms(limitMs)}`}`
      : limitMs === undefined
        ? 'what is usual at this hour'
        : `the ${ms(limitMs)} that are usual at most at this hour`
  return `${statistic} is ${valueMs === undefined ? '' : `${ms(valueMs)}, `}over ${limit}`
}

/** What Vedette did or refused to do, in a line, and why. */
export function actText(event: VedetteEvent): string {
  const { title } = describe(event)
  const why = 'reasons' in event ? event.reasons : event.type === 'failover.failed' ? [event.detail] : []
  return why.length === 0 ? title : [`${title}:`, ...why].join(' ')
}

function of(title: string, ...facts: Fact[]): Described {
  return { title, facts }
}

function trouble(event: EventOf<'monitor.down' | 'monitor.degraded'>, how: string): Described {
  const { monitor, target, sinceMs, cause, blast } = event
  const why = cause && `${cause.code}${cause.stage === undefined ? '' : ` (${cause.stage})`}: ${cause.message}`
  return of(
    why === undefined ? `${monitor} ${how}` : `${monitor} ${how}: ${why}`,
    ['What', target],
    ['Since', time(sinceMs)],
    ...(why === undefined ? [] : [['Cause', why] as Fact]),
    ...blastFacts(blast, cause?.stage),
  )
}

function blastFacts({ vantages, seeing, of, families, address, resolver }: Blast, stage?: string): Fact[] {
  const who = vantages.length > 0 ? `: ${listed(vantages, 20)}` : ''
  const places = `${of} ${of === 1 ? 'vantage' : 'vantages'}`
  return [
    // An alarm whose reason holds no number says only that there are enough of them.
    ['Seen by', seeing === 0 ? `enough of ${places}` : `${seeing} of ${places}${who}`],
    ...(stage === undefined ? [] : [['Phase', stage] as Fact]),
    ...(families.length === 0 ? [] : [['Over', families.join(' and ')] as Fact]),
    ...(address === undefined ? [] : [['Address', address] as Fact]),
    ...(resolver === undefined ? [] : [['Resolver', resolver] as Fact]),
  ]
}

function expiry(days: number | undefined): string {
  if (days === undefined) return 'expires soon'
  return days < 0 ? `expired ${round(-days)} days ago` : `expires in ${round(days)} days`
}

function burning({ monitor, target, ...event }: EventOf<'budget.burning'>): Described {
  const { objective, burn, longMs, shortMs, seenMs, left, exhaustedInMs, detail } = event
  const short = shortMs === undefined ? '' : `, and still over the last ${formatDuration(shortMs)}`
  const seen = seenMs === undefined ? '' : ` (${inTwoUnits(seenMs)} of it seen)`
  return of(
    `${monitor} burns its error budget ${burn === undefined ? 'too fast' : `${round(burn)} times too fast`}`,
    ['What', target],
    ['Objective', `${objective} %`],
    ...some('Measured over', longMs, (ms) => `${formatDuration(ms)}${seen}${short}`),
    ...some('Budget left', left, (share) => `${round(share * 100)} %`),
    ...some('Gone in', exhaustedInMs, longTime),
    ...some('Cause', detail, (text) => text),
  )
}

/** A fact, where there is a value for it. */
function some<V>(name: string, value: V | undefined, say: (value: V) => string): Fact[] {
  return value === undefined ? [] : [[name, say(value)]]
}

function drill(event: EventOf<'drill.passed' | 'drill.failed' | 'drill.yielded'>, how: string): Described {
  const { failover, record, detail, tookMs, seen } = event
  const slowest = seen.reduce((most, { afterMs }) => Math.max(most, afterMs), 0)
  return of(
    `Failover ${failover}: the drill of ${record} ${how}`,
    ...(detail === '' ? [] : [['Cause', detail] as Fact]),
    ['Took', ms(tookMs)],
    ...(seen.length === 0
      ? []
      : [['Seen everywhere', `after ${ms(slowest)}, by ${seen.length} pairs of vantage and server`] as Fact]),
  )
}

function because(reasons: readonly string[]): Fact[] {
  return reasons.length === 0 ? [] : [['Why', reasons.join(' ')]]
}

/** A time as messages have it: UTC, to the second. */
export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

function ms(value: number): string {
  return value >= 1000 ? `${round(value / 1000)} s` : `${round(value)} ms`
}

/** A length of time in its two largest units. */
export function longTime(value: number): string {
  return inTwoUnits(value, [' d', ' h', ' min', ' s'])
}

function round(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 1 : 0)))
}
