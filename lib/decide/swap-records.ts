import { canonicalAnswer, canonicalName } from '../model/dns-answer.ts'
import type { Endpoint, Failover } from '../model/failover.ts'
import { decodeState, type SwapState } from './swap-state.ts'

/**
 * A record set as Route 53's API has it
 * (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html). Fields that are not named here
 * are kept: a set is deleted with every field that it was listed with.
 */
export interface RawRecordSet {
  Name?: string | undefined
  Type?: string | undefined
  TTL?: number | undefined
  ResourceRecords?: { Value?: string | undefined }[] | undefined
  AliasTarget?: AliasTarget | undefined
  SetIdentifier?: string | undefined
  HealthCheckId?: string | undefined
  TrafficPolicyInstanceId?: string | undefined
}

interface AliasTarget {
  HostedZoneId?: string | undefined
  DNSName?: string | undefined
  EvaluateTargetHealth?: boolean | undefined
}

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'TXT'

/** A record set of one of the types that failover touches. */
export interface RecordSet {
  /** Lower case, without the last dot. */
  name: string
  type: RecordType
  /** Seconds; aliases have none. */
  ttl?: number
  values?: string[]
  alias?: { hostedZoneId: string; dnsName: string; evaluateTargetHealth: boolean }
  /** As it was listed: what an exact DELETE must repeat. */
  raw?: RawRecordSet
}

const recordTypes: readonly string[] = ['A', 'AAAA', 'CNAME', 'TXT'] satisfies RecordType[]

/** How long a resolver may keep the TXT. */
const txtTtlSeconds = 60

/** The name of the TXT that goes with a failover's record. */
export function txtName({ record }: Pick<Failover, 'record'>): string {
  return `_vedette.${canonicalName(record)}`
}

/** The failover of a drill: the same, at a name of its own that nobody uses. */
export function drillOf<F extends Pick<Failover, 'record'>>(failover: F): F {
  return { ...failover, record: `_vedette-drill.${canonicalName(failover.record)}` }
}

/** What of a zone's listing concerns a failover: the answer at its record, and the TXT beside it. */
export function relevantSets(listed: readonly RawRecordSet[], failover: Pick<Failover, 'record'>): RecordSet[] {
  const sets = listed.filter(({ Type }) => recordTypes.includes(Type ?? '')).map(recordSetOf)
  return [...answerIn(sets, failover), ...txtIn(sets, failover)]
}

/** What of a zone's listing is at a failover's record and of a type that failover does not touch: a CNAME cannot be beside it. */
export function setsBeside(listed: readonly RawRecordSet[], { record }: Pick<Failover, 'record'>): RawRecordSet[] {
  const isOther = (type: string) => type === 'TXT' || !recordTypes.includes(type)
  return listed.filter(({ Name = '', Type = '' }) => canonicalName(Name) === canonicalName(record) && isOther(Type))
}

/** A listed set in our terms, the original kept. */
export function recordSetOf(raw: RawRecordSet): RecordSet {
  const { AliasTarget: target } = raw
  return {
    name: canonicalName(raw.Name ?? ''),
    type: raw.Type as RecordType,
    ...(raw.TTL !== undefined && { ttl: raw.TTL }),
    ...(raw.ResourceRecords?.length && { values: raw.ResourceRecords.map(({ Value }) => Value ?? '') }),
    ...(target && {
      alias: {
        hostedZoneId: target.HostedZoneId ?? '',
        dnsName: canonicalName(target.DNSName ?? ''),
        evaluateTargetHealth: target.EvaluateTargetHealth ?? false,
      },
    }),
    raw,
  }
}

/** A set as the API takes it: one that was listed goes back as it came. */
export function rawOf({ name, type, ttl, values, alias, raw }: RecordSet): RawRecordSet {
  if (raw) return raw
  return {
    Name: `${name}.`,
    Type: type,
    ...(ttl !== undefined && { TTL: ttl }),
    ...(values && { ResourceRecords: values.map((Value) => ({ Value })) }),
    ...(alias && {
      AliasTarget: {
        HostedZoneId: alias.hostedZoneId,
        DNSName: `${alias.dnsName}.`,
        EvaluateTargetHealth: alias.evaluateTargetHealth,
      },
    }),
  }
}

/** The sets that a record has while an endpoint is active. An alias is of type A: of no other is it known to exist. */
export function answerOf({ record, ttl }: Pick<Failover, 'record' | 'ttl'>, endpoint: Endpoint): RecordSet[] {
  const name = canonicalName(record)
  const { A, AAAA, CNAME, alias } = endpoint
  const sets: RecordSet[] = []
  if (A) sets.push({ name, type: 'A', ttl, values: A })
  if (AAAA) sets.push({ name, type: 'AAAA', ttl, values: AAAA })
  if (CNAME) sets.push({ name, type: 'CNAME', ttl, values: [`${canonicalName(CNAME)}.`] })
  if (alias) {
    const { hostedZoneId, dnsName } = alias
    sets.push({
      name,
      type: 'A',
      alias: { hostedZoneId, dnsName: canonicalName(dnsName), evaluateTargetHealth: false },
    })
  }
  return sets
}

/** The TXT set for a state. */
export function txtOf(failover: Pick<Failover, 'record'>, text: string): RecordSet {
  return { name: txtName(failover), type: 'TXT', ttl: txtTtlSeconds, values: [`"${text}"`] }
}

/** The answer among listed sets: all of A, AAAA and CNAME at the record. */
export function answerIn(sets: readonly RecordSet[], { record }: Pick<Failover, 'record'>): RecordSet[] {
  return sets.filter(({ name, type }) => type !== 'TXT' && name === canonicalName(record))
}

/** The TXT sets among listed ones: none or one, or several where someone put set identifiers on them. */
export function txtIn(sets: readonly RecordSet[], failover: Pick<Failover, 'record'>): RecordSet[] {
  return sets.filter(({ name, type }) => type === 'TXT' && name === txtName(failover))
}

/** What the TXT among listed sets says, with its text; or why it says nothing. */
export function stateIn(
  sets: readonly RecordSet[],
  failover: Pick<Failover, 'record'>,
): { state: SwapState; text: string } | 'missing' | 'unreadable' {
  const [set, ...others] = txtIn(sets, failover)
  if (!set) return 'missing'
  const [value = '', ...more] = set.values ?? []
  const text = value.slice(1, -1)
  const ours = others.length + more.length === 0 && value === `"${text}"` && isPlain(set)
  const state = ours ? decodeState(text) : undefined
  return state ? { state, text } : 'unreadable'
}

/**
 * Whether a listed answer is the declared one. Neither the order of values nor the case and last dot of names count, and
 * not the TTL: a different one is reported (`differentTtls`), but moving off a dead endpoint does not wait for it. A set
 * with routing or a health check is never as declared.
 */
export function matchesAnswer(listed: readonly RecordSet[], declared: readonly RecordSet[]): boolean {
  const keys = (sets: readonly RecordSet[]) => sets.map(keyOf).sort().join('\n')
  return listed.every(isPlain) && keys(listed) === keys(declared)
}

/** The TTLs, in seconds, of listed sets that differ from the declared one of their type; aliases have none. */
export function differentTtls(listed: readonly RecordSet[], declared: readonly RecordSet[]): number[] {
  return listed.flatMap(({ type, ttl, alias }) => {
    const wanted = declared.find((set) => set.type === type)?.ttl
    return alias || ttl === undefined || wanted === undefined || ttl === wanted ? [] : [ttl]
  })
}

/** The endpoint whose answer is listed, if it is that of any. */
export function endpointIn(sets: readonly RecordSet[], failover: Failover): Endpoint | undefined {
  const answer = answerIn(sets, failover)
  return failover.endpoints.find((endpoint) => matchesAnswer(answer, answerOf(failover, endpoint)))
}

const plainFields = ['Name', 'Type', 'TTL', 'ResourceRecords', 'AliasTarget']

/** Whether a set has simple routing: nothing but a name, a type and what it answers. Fields unknown to us are not simple. */
function isPlain({ raw }: RecordSet): boolean {
  return Object.entries(raw ?? {}).every(([field, value]) => value === undefined || plainFields.includes(field))
}

function keyOf({ name, type, values, alias }: RecordSet): string {
  if (!alias) return [name, type, ...(values ?? []).map((value) => canonicalAnswer(type, value)).sort()].join(' ')
  // The API shows zone ids with and without their path.
  return [name, type, 'alias', alias.hostedZoneId.replace(/^\/hostedzone\//, ''), canonicalName(alias.dnsName)].join(
    ' ',
  )
}
