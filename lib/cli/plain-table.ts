import Table from 'cli-table3'

const noBorders = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((part) => [part, '']),
)

export interface PlainTable {
  head: string[]
  rows: string[][]
  /** Widths with the two columns between them; a column without one is as wide as it must be. */
  widths?: number[]
  aligns?: ('left' | 'right')[]
}

/** A table without lines, for a terminal or a log. */
export function plainTable({ head, rows, widths, aligns }: PlainTable): string {
  const table = new Table({
    head,
    chars: noBorders,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    ...(widths && { colWidths: widths, wordWrap: true }),
    ...(aligns && { colAligns: aligns }),
  })
  table.push(...rows)
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
