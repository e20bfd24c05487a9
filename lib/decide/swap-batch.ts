import { canonicalName } from '../model/dns-answer.ts'
import type { Failover } from '../model/failover.ts'
import { answerIn, type RecordSet, rawOf, txtIn, txtName, txtOf } from './swap-records.ts'
import { encodeState, type SwapState } from './swap-state.ts'

/** One change of a batch. UPSERT, which has no guard, is not among them. */
export interface Change {
  action: 'DELETE' | 'CREATE'
  set: RecordSet
}

/**
 * The batch that gives a record another answer and its TXT another state, all or nothing. It deletes everything that was
 * listed, what the new answer shares included: each DELETE is also the guard that nobody has changed that set since. A
 * type that was not listed and is not created has no guard: Route 53 knows no "must not exist".
 */
export function swapBatch(
  listed: readonly RecordSet[],
  answer: readonly RecordSet[],
  state: SwapState,
  failover: Pick<Failover, 'record'>,
): Change[] {
  return [
    ...deletes(answerIn(listed, failover)),
    ...deletes(txtIn(listed, failover)),
    ...answer.map((set): Change => ({ action: 'CREATE', set })),
    { action: 'CREATE', set: txtOf(failover, encodeState(state)) },
  ]
}

/**
 * The batch that changes the TXT alone: a claim and its release, a fence, a flag. Where no TXT is listed it creates the
 * first one, which fails when another came first.
 */
export function txtBatch(listed: readonly RecordSet[], state: SwapState, failover: Pick<Failover, 'record'>): Change[] {
  return [...deletes(txtIn(listed, failover)), { action: 'CREATE', set: txtOf(failover, encodeState(state)) }]
}

/** What no TXT of ours says, and nobody else puts at its name. */
const impossibleText = 'vedette: what cannot be there'

/**
 * A batch that must fail: it deletes a TXT that cannot exist, at the name that the controller writes. Route 53 refuses it as
 * invalid where the controller may write, and denies it where it may not; nothing changes either way.
 */
export function doomedBatch(failover: Pick<Failover, 'record'>): Change[] {
  return [{ action: 'DELETE', set: { ...txtOf(failover, impossibleText), ttl: 1 } }]
}

/** Limits of one request (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html). */
const mostRecords = 1000
const mostValueCharacters = 32_000

/** How much of what one request may hold a batch takes up: more than 1 is refused. */
export function sizeOf(changes: readonly Change[]): number {
  const values = changes.flatMap(({ set }) => valuesOf(set))
  const characters = values.reduce((sum, value) => sum + value.length, 0)
  return Math.max(values.length / mostRecords, characters / mostValueCharacters)
}

/** What is wrong with a batch before it is sent: our own invariants, and the provider's limits. */
export function batchProblems(changes: readonly Change[], failover: Pick<Failover, 'record'>): string[] {
  const answer = changes.filter(({ set }) => isAnswer(set, failover))
  const txt = changes.filter(({ set }) => set.type === 'TXT' && set.name === txtName(failover))
  const created = (some: readonly Change[]) => some.filter(({ action }) => action === 'CREATE')
  const values = changes.flatMap(({ set }) => valuesOf(set))
  const problems: string[] = []
  if (changes.some(({ action }) => action !== 'CREATE' && action !== 'DELETE'))
    problems.push('expected only CREATE and DELETE, got another action')
  if (answer.length + txt.length < changes.length)
    problems.push(`expected changes of ${failover.record} and its TXT only, got others`)
  if (created(changes).some(({ set }) => valuesOf(set).join('') === ''))
    problems.push('expected values or an alias in every set, got an empty one')
  if (answer.length > 0 && created(answer).length === 0) problems.push('expected an answer, got an empty one')
  if (created(answer).some(({ set }) => set.type === 'CNAME') && created(answer).length > 1)
    problems.push('expected a CNAME alone, got other types beside it')
  if (created(txt).length !== 1) problems.push(`expected one new TXT, got ${created(txt).length}`)
  if (answer.length > 0 && txt.length - created(txt).length !== 1)
    problems.push('expected the TXT that was listed to be deleted with the answer, got an unguarded batch')
  if (new Set(changes.map(keyOf)).size < changes.length) problems.push('expected every set once, got one twice')
  if (values.length > mostRecords) problems.push(`expected at most ${mostRecords} records, got ${values.length}`)
  const characters = values.reduce((sum, value) => sum + value.length, 0)
  if (characters > mostValueCharacters)
    problems.push(`expected at most ${mostValueCharacters} characters of values, got ${characters}`)
  return problems
}

function deletes(sets: readonly RecordSet[]): Change[] {
  return sets.map((set) => ({ action: 'DELETE', set }))
}

function isAnswer({ name, type }: RecordSet, { record }: Pick<Failover, 'record'>): boolean {
  return type !== 'TXT' && name === canonicalName(record)
}

function valuesOf({ values, alias }: RecordSet): string[] {
  return alias ? [alias.dnsName] : (values ?? [])
}

function keyOf({ action, set }: Change): string {
  return `${action} ${set.name} ${set.type} ${rawOf(set).SetIdentifier ?? ''}`
}
