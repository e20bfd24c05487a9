import type { MonitorRow } from '../api/overview.ts'
import { type Look, lookOf, looks, worstFirst } from '../look.ts'

/** What of the overview is shown, and how. All of it is in the page's address. */
export interface Filter {
  /** Words that must all be there. */
  query: string
  looks: ReadonlySet<Look>
  tag: string
  isGrouped: boolean
}

/** Reads it from an address's query. */
export function filterOf(search: string): Filter {
  const params = new URLSearchParams(search)
  const wanted = (params.get('state') ?? '').split(',')
  return {
    query: params.get('q') ?? '',
    looks: new Set(worstFirst.filter((look) => wanted.includes(look))),
    tag: params.get('tag') ?? '',
    isGrouped: params.get('group') === 'tag',
  }
}

/** The same for an address. */
export function queryOf({ query, looks: chosen, tag, isGrouped }: Filter): Record<string, string> {
  return { q: query, state: [...chosen].join(','), tag, group: isGrouped ? 'tag' : '' }
}

/** Rows that pass, worst first; whatever state they are in where `isAnyLook`. */
export function filtered(rows: Iterable<MonitorRow>, filter: Filter, isAnyLook = false): MonitorRow[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean)
  return [...rows].filter(
    (row) =>
      (filter.tag === '' || row.tags.includes(filter.tag)) &&
      (isAnyLook || filter.looks.size === 0 || filter.looks.has(lookOf(row))) &&
      (words.length === 0 || holdsAll(row, words)),
  )
}

function holdsAll(row: MonitorRow, words: readonly string[]): boolean {
  const { id, target, kind, tags, downAt = [], lastFailure } = row
  const trouble = lastFailure && lookOf(row) !== 'up' ? `${lastFailure.code} ${lastFailure.words}` : ''
  const text = `${id} ${target} ${kind} ${tags.join(' ')} ${downAt.join(' ')} ${trouble}`.toLowerCase()
  return words.every((word) => text.includes(word))
}

const ranks = new Map(worstFirst.map((look, i) => [look, i]))

/** Worst first; what is in trouble by when that began, latest first; what is well by name. */
export function sorted(rows: readonly MonitorRow[]): MonitorRow[] {
  return rows
    .map((row) => ({ row, look: lookOf(row) }))
    .sort(
      (a, b) =>
        (ranks.get(a.look) ?? 0) - (ranks.get(b.look) ?? 0) ||
        (a.look === 'up' ? 0 : b.row.sinceMs - a.row.sinceMs) ||
        (a.row.id < b.row.id ? -1 : 1),
    )
    .map(({ row }) => row)
}

/** A heading and its rows. */
export interface Group {
  name: string
  rows: MonitorRow[]
}

/** Rows, sorted, by tag; a monitor with several is in each of them. The group with the worst monitor comes first. */
export function grouped(rows: readonly MonitorRow[]): Group[] {
  const groups = new Map<string, MonitorRow[]>()
  for (const row of rows) {
    for (const tag of row.tags.length > 0 ? row.tags : ['']) {
      const group = groups.get(tag)
      if (group) group.push(row)
      else groups.set(tag, [row])
    }
  }
  const worst = ([first]: MonitorRow[]) => (first ? (ranks.get(lookOf(first)) ?? 0) : worstFirst.length)
  return [...groups]
    .map(([name, members]) => ({ name, rows: members }))
    .sort(
      (a, b) => worst(a.rows) - worst(b.rows) || (a.name === '' ? 1 : b.name === '' ? -1 : a.name < b.name ? -1 : 1),
    )
}

/** How many rows have each look; those that nobody has are left out. */
export function countLooks(rows: Iterable<MonitorRow>): { look: Look; mark: string; count: number }[] {
  const counts = new Map<Look, number>()
  for (const row of rows) counts.set(lookOf(row), (counts.get(lookOf(row)) ?? 0) + 1)
  return worstFirst.flatMap((look) => {
    const count = counts.get(look) ?? 0
    return count > 0 ? [{ look, mark: looks[look], count }] : []
  })
}
