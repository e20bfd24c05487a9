import type { VedetteEvent } from '../model/event.ts'
import type { Alert, Notice, NotifyRules, NotifyState, RouteRule } from './notice.ts'

/** Notices that wait for one route; storms are grouped, so that a route has to be dead for an hour to get here. */
export const mostWaiting = 1000

/** What was changed longer before an incident has hardly made it. */
const changesWithinMs = 3_600_000

/** What could not be told is tried again after 10 s, 20 s, … 60 s. */
const [firstWaitMs, longestWaitMs] = [10_000, 60_000]
/** After so many rounds news is given up, and what opens or closes an alert lets others go first. */
const mostRounds = 30
/** What opens or closes an alert is tried for so long. */
const longestTryMs = 86_400_000
/** No destination is left alone for longer, whatever it asks for. */
const longestAskedMs = 3_600_000

interface Said extends Pick<Notice, 'action' | 'key' | 'event'> {
  end?: VedetteEvent
  alert?: Alert
}

/** Puts a notice in line, with all that it will be told with. */
export function pushNotice(state: NotifyState, route: RouteRule, said: Said, rules: NotifyRules, nowMs: number): void {
  const { alert, ...rest } = said
  const monitor = 'monitor' in said.event ? said.event.monitor : undefined
  const rule = monitor === undefined ? undefined : rules.monitors.get(monitor)
  const openedMs = alert?.openedMs ?? nowMs
  // What began a move is told with its end.
  const failovers = said.event.type === 'failover.done' ? [said.event.failover] : (rule?.failovers ?? [])
  makeRoom(state, route)
  state.outbox.push({
    ...{ id: state.nextId++, route: route.name, severity: alert?.severity ?? 'ticket' },
    ...{ atMs: nowMs, openedMs, rounds: 0 },
    ...rest,
    dependants: alert?.told.dependants ?? 0,
    changes: state.changes.filter(({ atMs }) => atMs <= openedMs && openedMs - atMs < changesWithinMs),
    acts: failovers.flatMap((id) => {
      const act = state.acts[id]
      return act && act.atMs >= openedMs - changesWithinMs ? [act] : []
    }),
    links: linksOf(rule?.runbook, monitor, rules),
    ...(alert?.ref !== undefined && { ref: alert.ref }),
  })
}

/** A link that asks for a monitor is left out where there is none. */
function linksOf(runbook: string | undefined, monitor: string | undefined, rules: NotifyRules): Notice['links'] {
  const service = encodeURIComponent(rules.service)
  const links = Object.entries({ ...rules.links, ...(runbook !== undefined && { runbook }) })
  return Object.fromEntries(
    links
      .filter(([, link]) => monitor !== undefined || !link.includes('{monitor}'))
      .map(([name, link]) => [
        name,
        link.replaceAll('{monitor}', encodeURIComponent(monitor ?? '')).replaceAll('{service}', service),
      ]),
  )
}

/**
 * What is only news gives way to what opens and closes, then what began and ended while nobody could be told, and only then the
 * oldest of all: without the end of what was told an alert would be open for ever.
 */
function makeRoom(state: NotifyState, { name }: RouteRule): void {
  const waiting = state.outbox.filter((one) => one.route === name)
  if (waiting.length < mostWaiting) return
  const news = waiting.find(isNews)
  const victims = new Set(news ? [news] : (endedUntold(waiting) ?? waiting.slice(0, 1)))
  state.outbox = state.outbox.filter((one) => !victims.has(one))
  state.lost += victims.size
}

/** The oldest alert that begins and ends within what waits, and was never tried: the first may be under way. */
function endedUntold([, ...waiting]: Notice[]): Notice[] | undefined {
  const ends = new Map<string, Notice>()
  let found: Notice[] | undefined
  for (const notice of waiting.toReversed()) {
    const end = ends.get(notice.key)
    if (notice.action === 'close') ends.set(notice.key, notice)
    else if (end && notice.action === 'open' && notice.rounds === 0) found = [notice, end]
  }
  return found
}

function isNews({ action }: Notice): boolean {
  return action !== 'open' && action !== 'close'
}

/**
 * What a route is to be told next, if anything may be told now. What could not be told holds back what comes after it, so that
 * an end never overtakes its beginning; notes belong to no alert, and hold back nothing.
 */
export function nextNotice({ outbox }: NotifyState, route: string, nowMs: number): Notice | undefined {
  const isWaiting = ({ notBeforeMs = 0 }: Notice) => notBeforeMs > nowMs
  const first = outbox.find((one) => one.route === route && !(one.action === 'note' && isWaiting(one)))
  return first && !isWaiting(first) ? first : undefined
}

/** Takes a notice out of the line. */
export function removeNotice(state: NotifyState, id: number): Notice | undefined {
  const index = state.outbox.findIndex((one) => one.id === id)
  return index < 0 ? undefined : state.outbox.splice(index, 1)[0]
}

/** What came of a notice that could not be told. */
export interface Failed {
  isFinal: boolean
  retryAfterMs?: number
}

/** Has a notice wait that could not be told. Gives false where it is given up. */
export function putOff(state: NotifyState, notice: Notice, failed: Failed, nowMs: number): boolean {
  const { isFinal, retryAfterMs = 0 } = failed
  const isStale = isNews(notice) ? notice.rounds + 1 >= mostRounds : nowMs - notice.atMs >= longestTryMs
  const isSignOfLife = notice.event.type === 'route.heartbeat'
  if (isFinal || isStale || isSignOfLife) {
    removeNotice(state, notice.id)
    if (!isSignOfLife) state.lost++
    return false
  }
  const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** notice.rounds)
  notice.notBeforeMs = nowMs + Math.max(waitMs, Math.min(longestAskedMs, retryAfterMs))
  notice.rounds++
  if (notice.rounds % mostRounds === 0) letOthersFirst(state, notice)
  return true
}

/** Whether it has been said that this notice cannot be told: a route that takes others does not fail anew each time. */
export function isKnownToFail({ action, rounds }: Notice): boolean {
  return action === 'note' ? rounds > 0 : rounds >= mostRounds
}

/** It may be this one notice that the destination cannot take: what is about something else goes first from now on. */
function letOthersFirst(state: NotifyState, { route, key }: Notice): void {
  const isSame = (one: Notice) => one.route === route && one.key === key
  state.outbox = [...state.outbox.filter((one) => !isSame(one)), ...state.outbox.filter(isSame)]
}
