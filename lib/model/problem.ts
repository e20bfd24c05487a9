/** One thing that is wrong with a config. */
export interface Problem {
  /** Where: `monitors[2].timeout`. */
  path: string
  /** Id of the monitor or failover that it is about, as nobody counts to `monitors[40]`. */
  of?: string
  expected: string
  got: string
  /** What to do, where that can be told. */
  hint?: string
}

/** A path as people write it: `monitors[0].expect[1].op`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else text += text ? `.${String(key)}` : String(key)
  }
  return text || 'config'
}

/** With the ids that a config as written has where these problems are; a wrong id says itself what it is. */
export function withIds(problems: readonly Problem[], input: unknown): Problem[] {
  return problems.map((problem) => {
    const [, list, index, key] = /^(monitors|failovers)\[(\d+)\](?:\.(.*))?$/.exec(problem.path) ?? []
    if (list === undefined || key === 'id') return problem
    const id = (input as Record<string, { id?: unknown }[]>)[list]?.[Number(index)]?.id
    return typeof id === 'string' && id !== '' ? { ...problem, of: id.slice(0, 64) } : problem
  })
}

/** Without those about something that is known to be wrong already, or that holds it: they may be about its stand-in. */
export function unlessTold(problems: readonly Problem[], told: readonly Problem[]): Problem[] {
  const isIn = (path: string, whole: string) =>
    path === whole || path.startsWith(`${whole}.`) || path.startsWith(`${whole}[`)
  return problems.filter(({ path }) => !told.some((known) => isIn(known.path, path)))
}

/** A value of a config in a few words. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  const text = toText(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function toText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    // A circle, one nested deeper than the stack is (`String` would end as JSON did), or a number that JSON does not have.
    if (typeof value !== 'object') return String(value)
    return Array.isArray(value) ? 'a list that cannot be shown' : 'an object that cannot be shown'
  }
}

/** "did you mean …" where one of the candidates is close to the word. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.min(word.length, candidate.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance)[0]
  return near && `did you mean ${JSON.stringify(near.candidate)}?`
}

/** Insertions, deletions, substitutions and swaps of neighbours between two words. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const costs = [cost(last, j) + 1, cost(row, j - 1) + 1, cost(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)]
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) costs.push(cost(beforeLast, j - 2) + 1)
      row.push(Math.min(...costs))
    }
    beforeLast = last
    last = row
  }
  return cost(last, b.length)
}

const cost = (row: number[], column: number) => row[column] ?? Number.POSITIVE_INFINITY
