/** What one vantage says of one endpoint, now. No vote is neither: it is left out. */
export type EndpointVote = 'up' | 'down'

/** The votes of one vantage, by endpoint. */
export type Ballot = Readonly<Record<string, EndpointVote>>

/** How many vantages it takes; see `failoverQuorum`. */
export interface Quorum {
  /** See the active endpoint down. */
  fail: number
  /** See the target up. */
  pass: number
  /** Have a vote on the active endpoint at all: fewer is blindness. */
  voters: number
}

/** Who said what of an endpoint; vantage ids. */
export interface Tally {
  up: string[]
  down: string[]
  none: string[]
}

/** A majority of so many vantages. */
export function majorityOf(vantages: number): number {
  return Math.floor(vantages / 2) + 1
}

/** The quorum of a failover among so many vantages: a majority for whatever its config leaves open. */
export function failoverQuorum(given: { [K in keyof Quorum]?: number | undefined }, vantages: number): Quorum {
  const majority = majorityOf(vantages)
  return { fail: given.fail ?? majority, pass: given.pass ?? majority, voters: given.voters ?? majority }
}

/** Counts the votes on one endpoint, each vantage once. Ballots of vantages that are not configured do not count. */
export function tally(endpoint: string, vantages: readonly string[], ballots: ReadonlyMap<string, Ballot>): Tally {
  const result: Tally = { up: [], down: [], none: [] }
  for (const vantage of vantages) {
    const ballot = ballots.get(vantage) ?? {}
    // An endpoint may be called what every object has: `constructor`.
    result[(Object.hasOwn(ballot, endpoint) && ballot[endpoint]) || 'none'].push(vantage)
  }
  return result
}
