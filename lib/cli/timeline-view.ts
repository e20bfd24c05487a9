import { markdownText } from '../decide/markdown.ts'
import { inTwoUnits } from '../model/duration.ts'
import { utcText } from '../model/figures.ts'
import { couldNotTell } from './event-words.ts'
import type { Outage, Timeline, TimelineEntry } from './timeline.ts'

/** How a text that others wrote is put into a line. */
type Escape = (text: string) => string

/**
 * A timeline as Markdown: what was down for how long, what happened when, and the questions of a blameless review. To be read
 * as it is, in a terminal, with `oneLine` as its escape.
 */
export function timelineMarkdown({ fromMs, toMs, entries, outages }: Timeline, escaped: Escape = markdownText): string {
  return [
    `# Timeline, ${utcText(fromMs)} to ${utcText(toMs)} UTC`,
    '',
    '## Summary',
    '',
    ...summary(outages, entries, toMs, escaped),
    '',
    '## What happened',
    '',
    ...(entries.length > 0 ? byDay(entries, escaped) : ['Nothing changed: no state, no failover, no notice.']),
    '',
    '## For the review',
    '',
    ...questions.map((question) => `- **${question}**`),
  ].join('\n')
}

/** A review asks for conditions, not for culprits. */
const questions = [
  'Who was affected, and how did they notice?',
  'What was seen first, by whom, and what did it look like then?',
  'What made it possible? What made it last?',
  'What helped, and what was luck?',
  'What will be changed, by whom, until when?',
]

function summary(
  outages: readonly Outage[],
  entries: readonly TimelineEntry[],
  endMs: number,
  escaped: Escape,
): string[] {
  const moved = entries.filter(({ kind, text }) => kind === 'failover' && text.startsWith('moved to'))
  const paged = entries.filter(({ kind, text }) => kind === 'budget' && text.startsWith('burns'))
  const untold = new Set(
    entries
      .filter(({ kind, subject }) => kind === 'notice' && subject.startsWith(couldNotTell))
      .map(({ subject }) => subject),
  )
  const lines = [
    ...outages.map((outage) => outageLine(outage, endMs, escaped)),
    ...moved.map(({ atMs, subject, text }) => `- ${escaped(subject)} ${escaped(text)} at ${clock(atMs)}.`),
    ...(paged.length > 0
      ? [`- Error budgets burned too fast ${paged.length === 1 ? 'once' : `${paged.length} times`}.`]
      : []),
    ...[...untold].map((subject) => `- Vedette ${escaped(subject)}: see below.`),
  ]
  return lines.length > 0 ? lines : ['- Nothing was down and nothing moved.']
}

function outageLine(outage: Outage, endMs: number, escaped: Escape): string {
  const { monitor, fromMs, toMs, sinceMs, cause, muted } = outage
  const beganMs = sinceMs ?? fromMs
  const from = sinceMs === undefined ? `from ${clock(fromMs)}` : `before, from ${utcText(sinceMs)}`
  const end =
    toMs === undefined
      ? `still down at the end, after ${inTwoUnits(endMs - beganMs)}`
      : `for ${inTwoUnits(toMs - beganMs)}, until ${clock(toMs)}`
  const notes = muted ? ' It was in maintenance.' : ''
  return `- **${escaped(monitor)}** was down ${from}, ${end}.${cause ? ` ${escaped(cause)}.` : ''}${notes}`
}

function byDay(entries: readonly TimelineEntry[], escaped: Escape): string[] {
  const days = [...Map.groupBy(entries, ({ atMs }) => utcText(atMs).slice(0, 10))]
  return days.flatMap(([day, all], i) => [
    ...(days.length > 1 ? [...(i > 0 ? [''] : []), `### ${day}`, ''] : []),
    ...all.map(({ atMs, subject, text }) => `- ${clock(atMs)} **${escaped(subject)}** ${escaped(text)}`),
  ])
}

function clock(ms: number): string {
  return utcText(ms).slice(11)
}
