import { type Message, messageOf } from './message.ts'
import type { Notice } from './notice.ts'
import { cut } from './plain.ts'

interface SlackText {
  type: 'mrkdwn'
  text: string
  verbatim: true
}

type Block = { type: 'section'; text: SlackText } | { type: 'context'; elements: SlackText[] }

/** What is posted, or put in the place of an earlier message. */
export interface SlackMessage {
  /** What notifications on phones show. */
  text: string
  blocks: Block[]
}

/** The longest text of a section (https://docs.slack.dev/reference/block-kit/blocks/section-block). */
const longestSection = 3000
/** Slack refuses longer messages as a whole (`msg_blocks_too_long`) and does not say where: 9,600 passed, 11,300 did not (github.com/slackapi/bolt-js/issues/2867). */
const longestInAll = 8000
const longestFact = 1000
const longestTitle = 1500

const signs = { critical: '🔴', error: '🟠', warning: '🟡', info: 'ℹ️' } as const

/** A notice as Slack takes it. */
export function slackMessage(notice: Notice): SlackMessage {
  const { title, facts, links, level, state } = messageOf(notice)
  const head = `${state === 'closed' ? '✅' : signs[level]} *${within(title, longestTitle)}*`
  const lines = facts.map(([name, text]) => `*${within(name, 100)}*  ${within(text, longestFact)}`)
  const named = linked(links)
  const blocks = [head, ...sectionsOf(lines, longestInAll - head.length - named.length)].map((text): Block => {
    return { type: 'section', text: mrkdwn(text) }
  })
  if (named !== '') blocks.push({ type: 'context', elements: [mrkdwn(named)] })
  return { text: within(title, 300), blocks }
}

/** Links in one text, as many as it takes: half an address leads nowhere. */
function linked(links: Message['links']): string {
  const all = links.map(({ text, href }) => `<${escapedUrl(href)}|${within(text, 100)}>`)
  return all.reduce((text, one) => {
    const longer = text === '' ? one : `${text}  ${one}`
    return longer.length <= longestSection ? longer : text
  }, '')
}

/** Lines gathered into as few texts as they fit in; those beyond the limit are counted. */
function sectionsOf(lines: readonly string[], most: number): string[] {
  const sections: string[] = []
  let room = most
  for (const [i, line] of lines.entries()) {
    if (line.length + 1 > room - 100) return [...sections, `… [cut: ${lines.length - i} more lines]`]
    room -= line.length + 1
    const last = sections.at(-1)
    if (last !== undefined && last.length + 1 + line.length <= longestSection)
      sections[sections.length - 1] = `${last}\n${line}`
    else sections.push(line)
  }
  return sections
}

/** `verbatim`: names of channels and addresses in what peers said are not made into links. */
function mrkdwn(text: string): SlackText {
  return { type: 'mrkdwn', text, verbatim: true }
}

/** A text that is at most so long once it is escaped; never cut within an escaped character. */
function within(text: string, most: number): string {
  for (let room = most; ; room = Math.floor(room * 0.7)) {
    const safe = escaped(cut(text, room))
    if (safe.length <= most) return safe
  }
}

/** Slack's control characters (https://docs.slack.dev/messaging/formatting-message-text, "Escaping text"): nobody is mentioned, nothing is linked. Marks lose their meaning, but not those within a word: a code is to be copied. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*~`]|(?<!\w)_|_(?!\w)/g, (mark) => `${mark}\u200b`)
}

function escapedUrl(href: string): string {
  return href.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E').replaceAll('&', '&amp;')
}
