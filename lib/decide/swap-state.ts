import type { Failover } from '../model/failover.ts'
import type { Problem } from '../model/problem.ts'
import { stableHash } from '../model/stable-hash.ts'

/** One move of a record, as its TXT remembers it. */
export interface Switch {
  atMs: number
  from: string
  to: string
  by: 'auto' | 'person'
}

/** A record promised to a target while the hook before the move runs. */
export interface Claim {
  /** Of the TXT that claimed first: half of the hook's idempotency key, the same whoever takes over. */
  epoch: number
  /** Id of the decision that holds the claim. */
  decision: string
  to: string
  expiresAtMs: number
}

/** What the TXT at `_vedette.<record>` says. Times are whole seconds: `encodeState` rounds them down. */
export interface SwapState {
  version: 1
  /** Grows with every write, so that no two writes put the same text. */
  epoch: number
  /** Id of the decision whose write this is. */
  decision: string
  /** Id of the endpoint that the record points to. */
  active: string
  sinceMs: number
  /** Newest first. */
  switches: Switch[]
  flags: { locked: boolean; latched: boolean }
  claim?: Claim
}

/** One character-string of a TXT holds no more (RFC 1035 §3.3). */
const mostCharacters = 255

/** The longest decision id; with it, two endpoint ids of 64 characters, a claim and both flags are 255 characters exactly. */
export const mostDecisionCharacters = 10

/** The last epoch that there is room for: one write a second for three years. */
export const lastEpoch = 99_999_999

const id = '[\\w.-]{1,64}'
const decision = `[\\w.-]{1,${mostDecisionCharacters}}`
const time = '\\d{8}T\\d{6}Z'
const move = '[ap]\\d+>\\d+[+-]\\d{1,12}'
const shape = new RegExp(
  `^vedette1 epoch=(\\d{1,8}) id=(${decision}) on=(${id}) since=(${time})` +
    `(?: to=(${id}) claim=(\\d{1,8}):(${decision}):(${time}))?( lock)?( latch)?` +
    `(?: ids=(${id}(?:,${id})*))?(?: moves=(${move}(?:,${move})*))? [0-9a-z]{4}$`,
)

/**
 * The one string of a TXT for a state: at most 255 printable ASCII characters, for a person to read in `dig`. As many switches
 * are kept as there is room for, the newest first, and moves by people go before those that `maxPerDay` counts: `a1>0-3600` is a move by Vedette (`p`: by a person) from the second to
 * the first of the ids in the text, 3,600 s before `since`. The last four characters are a checksum, so a TXT edited by
 * hand is no state at all, and nothing moves until `adopt`.
 *
 * @throws RangeError where an id, an epoch or a time is none that a TXT can hold
 */
export function encodeState(state: SwapState): string {
  checkState(state)
  const [newest, ...older] = state.switches
  // The newest one tells cooldown what was left, whoever moved it.
  const inTurn = [newest, ...older.filter(({ by }) => by === 'auto'), ...older.filter(({ by }) => by === 'person')]
  const kept = new Set<Switch>()
  let text = seal(textOf(state, []))
  for (const one of inTurn) {
    if (!one) continue
    kept.add(one)
    const longer = seal(
      textOf(
        state,
        state.switches.filter((each) => kept.has(each)),
      ),
    )
    if (longer.length > mostCharacters) break
    text = longer
  }
  return text
}

/** The state that a TXT's string holds; undefined where it is not ours, damaged, or of a version yet to come. */
export function decodeState(text: string): SwapState | undefined {
  const found = text.length <= mostCharacters ? shape.exec(text) : null
  if (!found) return undefined
  const [, epoch = '', decision = '', active = '', since = '', to, claimEpoch, claimDecision, expires] = found
  const sinceMs = readTime(since)
  const ids = [...new Set([active, to ?? active]), ...(found[11]?.split(',') ?? [])]
  const state: SwapState = {
    version: 1,
    epoch: Number(epoch),
    decision,
    active,
    sinceMs,
    switches: (found[12]?.split(',') ?? []).map((one) => readMove(one, ids, sinceMs)),
    flags: { locked: found[9] !== undefined, latched: found[10] !== undefined },
    ...(to !== undefined && {
      claim: {
        epoch: Number(claimEpoch),
        decision: claimDecision ?? '',
        to,
        expiresAtMs: readTime(expires ?? ''),
      },
    }),
  }
  // What we would not have written like this, to the letter, was not written by us.
  return isValid(state) && encodeState(state) === text ? state : undefined
}

/**
 * What is wrong with a failover whose TXT could not hold the moves of a day, in the worst case: `maxPerDay` is kept by
 * counting them there, and what has been dropped is not counted.
 */
export function roomProblem(failover: Pick<Failover, 'endpoints' | 'maxPerDay' | 'hooks'>): Room | undefined {
  const ids = failover.endpoints.map(({ id }) => id).sort((a, b) => b.length - a.length)
  const [active = '', next = ''] = ids
  const at = (index: number) => ids[index % ids.length] ?? ''
  const day = 86_400_000
  const switches = Array.from({ length: failover.maxPerDay }, (_, i): Switch => {
    return { atMs: 0, to: at(i), from: at(i + 1), by: 'auto' }
  })
  const decision = 'x'.repeat(mostDecisionCharacters)
  const claim = { epoch: lastEpoch, decision, to: next, expiresAtMs: day }
  const kept = decodeState(
    encodeState({
      ...{ version: 1, epoch: lastEpoch, decision, active, sinceMs: day, switches },
      flags: { locked: true, latched: true },
      ...(failover.hooks.before && { claim }),
    }),
  )?.switches.length
  if (kept === undefined || kept >= failover.maxPerDay) return undefined
  return {
    expected: `a "maxPerDay" of at most ${kept} with these endpoint ids`,
    got: `${failover.maxPerDay}`,
    hint: 'shorter endpoint ids leave more room in the TXT that counts the moves (255 characters in all)',
  }
}

export type Room = Pick<Problem, 'expected' | 'got' | 'hint'>

function textOf({ epoch, decision, active, sinceMs, flags, claim }: SwapState, switches: readonly Switch[]): string {
  const named = claim ? [active, claim.to] : [active]
  const ids = [...new Set([...named, ...switches.flatMap(({ to, from }) => [to, from])])]
  const extra = ids.slice(new Set(named).size)
  const moves = switches.map(({ atMs, from, to, by }) => {
    const afterS = Math.floor(atMs / 1000) - Math.floor(sinceMs / 1000)
    return `${by === 'auto' ? 'a' : 'p'}${ids.indexOf(from)}>${ids.indexOf(to)}${afterS < 0 ? '' : '+'}${afterS}`
  })
  return [
    `vedette1 epoch=${epoch} id=${decision} on=${active} since=${showTime(sinceMs)}`,
    claim && `to=${claim.to} claim=${claim.epoch}:${claim.decision}:${showTime(claim.expiresAtMs)}`,
    flags.locked && 'lock',
    flags.latched && 'latch',
    extra.length > 0 && `ids=${extra.join(',')}`,
    moves.length > 0 && `moves=${moves.join(',')}`,
  ]
    .filter((part) => typeof part === 'string')
    .join(' ')
}

function seal(text: string): string {
  return `${text} ${stableHash(text).toString(36).padStart(4, '0').slice(-4)}`
}

/** `20261121T144227Z`, the basic form of ISO 8601. */
function showTime(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')
}

function readTime(text: string): number {
  return Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function readMove(text: string, ids: readonly string[], sinceMs: number): Switch {
  const [, by, from, to, afterS] = /^(.)(\d+)>(\d+)(.+)$/.exec(text) ?? []
  return {
    atMs: sinceMs + Number(afterS) * 1000,
    from: ids[Number(from)] ?? '',
    to: ids[Number(to)] ?? '',
    by: by === 'a' ? 'auto' : 'person',
  }
}

const isId = (text: string) => /^[\w.-]{1,64}$/.test(text)
const isDecision = (text: string) => isId(text) && text.length <= mostDecisionCharacters
const isEpoch = (epoch: number) => Number.isInteger(epoch) && epoch >= 0 && epoch <= lastEpoch
/** Before the year 10000. */
const isTime = (ms: number) => ms >= 0 && ms < 253_402_300_800_000

function isValid({ epoch, decision, active, sinceMs, switches, claim }: SwapState): boolean {
  return (
    isEpoch(epoch) &&
    isDecision(decision) &&
    isId(active) &&
    isTime(sinceMs) &&
    switches.every(({ atMs, from, to }) => isTime(atMs) && isId(from) && isId(to)) &&
    (!claim || (isEpoch(claim.epoch) && isDecision(claim.decision) && isId(claim.to) && isTime(claim.expiresAtMs)))
  )
}

function checkState(state: SwapState): void {
  if (isValid(state)) return
  throw new RangeError(`expected a state whose ids, epochs and times fit a TXT, got ${JSON.stringify(state)}`)
}
