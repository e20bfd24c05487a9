import { messageOf } from './message.ts'
import type { Notice } from './notice.ts'
import { cut } from './plain.ts'

/** What is published to a topic: as a mail shows it, with attributes that subscriptions may filter by. */
export interface SnsMessage {
  subject: string
  text: string
  attributes: Record<string, string>
}

/** Fewer than 100 ASCII characters without control characters (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, Subject). */
const longestSubject = 99
/** A message may have 256 KB; a mail is read by people. */
const longestText = 20_000

/** A notice as text. */
export function snsMessage(notice: Notice): SnsMessage {
  const { title, facts, links, level, state } = messageOf(notice)
  const lines = [
    title,
    '',
    ...facts.map(([name, text]) => `${name}: ${text}`),
    ...(links.length > 0 ? ['', ...links.map(({ text, href }) => `${text}: ${href}`)] : []),
    '',
    `Key: ${notice.key}`,
  ]
  return {
    subject: subjectOf(title),
    text: cut(lines.join('\n'), longestText),
    attributes: { action: notice.action, state, severity: notice.severity, level, type: notice.event.type },
  }
}

/** A title as the subject of a mail: it has to begin with a letter, a digit or a punctuation mark, as all titles do. */
export function subjectOf(title: string): string {
  const ascii = title
    .replace(/…/g, '...')
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
  return ascii.length <= longestSubject ? ascii : `${ascii.slice(0, longestSubject - 3)}...`
}
