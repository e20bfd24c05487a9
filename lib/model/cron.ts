const names = {
  month: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  day: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
}

const fields: { name: string; min: number; max: number; words?: string[]; wordsFrom?: number }[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, words: names.month, wordsFrom: 1 },
  { name: 'day of week', min: 0, max: 7, words: names.day, wordsFrom: 0 },
]

/** What is wrong with a cron expression of five fields (minute, hour, day of month, month, day of week); nothing if it is right. */
export function cronProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/)
  if (parts.length !== fields.length) return 'five fields (minute hour day month weekday)'
  for (const [i, field] of fields.entries()) {
    for (const item of (parts[i] ?? '').split(',')) {
      if (!isItem(item, field))
        return `${JSON.stringify(item)} to be ${field.name === 'hour' ? 'an' : 'a'} ${field.name} from ${field.min} to ${field.max}`
    }
  }
  return undefined
}

/** `*`, `5`, `MON`, `1-5`, each with or without a step `/2`. */
function isItem(item: string, field: (typeof fields)[number]): boolean {
  const match = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item)
  if (!match) return false
  const [, from, to, step] = match
  if (step !== undefined && Number(step) < 1) return false
  const bounds = [from, to].filter((word) => word !== undefined).map((word) => valueIn(word, field))
  const [low = field.min, high = low] = bounds
  return bounds.every((value) => value >= field.min && value <= field.max) && low <= high
}

/** The values that a field of a right expression stands for: `0/20` as minutes is 0, 20, 40. Fields count from 0; Sunday may be 0 or 7. */
export function cronValues(text: string, field: number): number[] {
  const of = fields[field]
  if (!of) throw new Error(`expected a field from 0 to ${fields.length - 1}, got ${field}`)
  return text.split(',').flatMap((item) => {
    const [range = '', step] = item.split('/')
    const [from, to] = range === '*' ? [] : range.split('-')
    const low = from === undefined ? of.min : valueIn(from, of)
    // A lone start with a step goes on to the end, as cron has it.
    const high = to !== undefined ? valueIn(to, of) : from === undefined || step !== undefined ? of.max : low
    const by = Number(step ?? 1)
    return Array.from({ length: Math.floor((high - low) / by) + 1 }, (_, i) => low + i * by)
  })
}

function valueIn(word: string, { words = [], wordsFrom = 0 }: (typeof fields)[number]): number {
  if (/^\d+$/.test(word)) return Number(word)
  const index = words.indexOf(word.toUpperCase())
  return index < 0 ? Number.NaN : index + wordsFrom
}
