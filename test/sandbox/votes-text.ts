interface Vote {
  id: string
  /** How many of how many said down; nothing where none has come. */
  point: { sum: number; samples: number } | undefined
}

/** The newest votes in a line; where there are none from a monitor, why not: `looped` are those that run more than once a minute. */
export function votesText(votes: readonly Vote[], looped: ReadonlySet<string>, nowMs: number): string[] {
  const shown = votes.map(({ id, point }) => `${id} ${point ? `${point.sum}/${point.samples}` : '-'}`)
  const missing = votes.filter(({ point }) => !point).map(({ id }) => id)
  const [late, none] = [missing.filter((id) => looped.has(id)), missing.filter((id) => !looped.has(id))]
  return [
    `${new Date(nowMs).toISOString().slice(11, 16)}Z down/votes  ${shown.join('  ')}`,
    ...(none.length > 0 ? [`       no votes yet on ${none.join(', ')}`] : []),
    ...(late.length > 0
      ? [
          `       no votes yet on ${late.join(', ')}: below a minute they are counted after the minute that follows the call, so the first take about three`,
        ]
      : []),
  ]
}
