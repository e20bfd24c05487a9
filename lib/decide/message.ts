import { describe, type Fact, longTime, time } from './event-text.ts'
import type { Notice } from './notice.ts'
import { oneLine } from './plain.ts'

/** How bad it is, in PagerDuty's words. */
export type Level = 'critical' | 'error' | 'warning' | 'info'

/** A notice in words, for any destination; what comes from outside is in one line each, and not escaped. */
export interface Message {
  /** `opened` and what follows it, `closed`, or a note. */
  state: 'open' | 'closed' | 'note'
  level: Level
  title: string
  facts: Fact[]
  links: { text: string; href: string }[]
}

/** What is told later than this, to a route outside its hours or again, may have changed: it says of when it is. */
const oldMs = 300_000

/** A notice in words. */
export function messageOf(notice: Notice): Message {
  const { action, event, end, dependants, changes, acts, openedMs, atMs } = notice
  const { title, facts } = describe(event)
  const isClosed = action === 'close'
  const how = end && describe(end).title
  const more: Fact[] = []
  if (isClosed) more.push(['Ended', `${time(atMs)}, after ${longTime(atMs - openedMs)}`])
  if (isClosed && how !== undefined) more.push(['By', how])
  if (action === 'remind') more.push(['Still open', `for ${longTime(atMs - openedMs)}`])
  if (!isClosed && action !== 'note' && atMs - event.atMs >= oldMs) more.push(['As of', time(event.atMs)])
  if (dependants > 0)
    more.push([
      'With it',
      `${dependants} ${dependants === 1 ? 'monitor' : 'monitors'} that depend on it, not told of one by one`,
    ])
  if (!isClosed && changes.length > 0) more.push(['Changed before', said(changes)])
  if (acts.length > 0) more.push(['Vedette', said(acts)])
  return {
    state: action === 'note' ? 'note' : isClosed ? 'closed' : 'open',
    level: levelOf(notice),
    title: isClosed ? `Over: ${title}` : action === 'remind' ? `Still: ${title}` : title,
    facts: [...facts, ...more].map(([name, text]): Fact => [name, oneLine(text)]),
    links: Object.entries(notice.links).map(([text, href]) => ({ text, href })),
  }
}

function levelOf({ action, severity, event }: Notice): Level {
  if (action === 'note' || action === 'close') return 'info'
  if (severity === 'page') return 'critical'
  return event.type === 'monitor.down' || event.type === 'storm' ? 'error' : 'warning'
}

function said(notes: readonly { atMs: number; text: string }[]): string {
  return notes.map(({ atMs, text }) => `${time(atMs)} ${text}`).join('; ')
}
