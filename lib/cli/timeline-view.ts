import { markdownText } from '../decide/markdown.ts'
import { inTwoUnits } from '../model/duration.ts'
import { couldNotTell } from './event-words.ts'
import type { Outage, Timeline, TimelineEntry } from './timeline.ts'
import { utcText } from './words.ts'

/** A timeline as Markdown: what was down for how long, what happened when, and the questions of a blameless review. */
export function timelineMarkdown({ fromMs, toMs, entries, outages }: Timeline): string {
  return [
    `# Timeline, ${utcText(fromMs)} to ${utcText(toMs)} UTC`,
    '',
    '## Summary',
    '',
    ...summary(outages, entries, toMs),
    '',
    '## What happened',
    '',
    ...(entries.length > 0 ? byDay(entries) : ['Nothing changed: no state, no failover, no notice.']),
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

function summary(outages: readonly Outage[], entries: readonly TimelineEntry[], endMs: number): string[] {
  const moved = entries.filter(({ kind, text }) => kind === 'failover' && text.startsWith('moved to'))
  const paged = entries.filter(({ kind, text }) => kind === 'budget' && text.startsWith('burns'))
  const untold = new Set(
    entries
      .filter(({ kind, subject }) => kind === 'notice' && subject.startsWith(couldNotTell))
      .map(({ subject }) => subject),
  )
  const lines = [
    ...outages.map((outage) => outageLine(outage, endMs)),
    ...moved.map(({ atMs, subject, text }) => `- ${markdownText(subject)} ${markdownText(text)} at ${clock(atMs)}.`),
    ...(paged.length > 0
      ? [`- Error budgets burned too fast ${paged.length === 1 ? 'once' : `${paged.length} times`}.`]
      : []),
    ...[...untold].map((subject) => `- Vedette ${markdownText(subject)}: see below.`),
  ]
  return lines.length > 0 ? lines : ['- Nothing was down and nothing moved.']
}

function outageLine({ monitor, fromMs, toMs, cause, muted }: Outage, endMs: number): string {
  const end =
    toMs === undefined
      ? `still down at the end, after ${inTwoUnits(endMs - fromMs)}`
      : `for ${inTwoUnits(toMs - fromMs)}, until ${clock(toMs)}`
  const notes = muted ? ' It was in maintenance.' : ''
  return `- **${markdownText(monitor)}** was down from ${clock(fromMs)}, ${end}.${cause ? ` ${markdownText(cause)}.` : ''}${notes}`
}

function byDay(entries: readonly TimelineEntry[]): string[] {
  const days = [...Map.groupBy(entries, ({ atMs }) => utcText(atMs).slice(0, 10))]
  return days.flatMap(([day, all], i) => [
    ...(days.length > 1 ? [...(i > 0 ? [''] : []), `### ${day}`, ''] : []),
    ...all.map(({ atMs, subject, text }) => `- ${clock(atMs)} **${markdownText(subject)}** ${markdownText(text)}`),
  ])
}

function clock(ms: number): string {
  return utcText(ms).slice(11)
}
