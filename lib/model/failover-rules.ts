import type { Written } from './config-rules.ts'
import type { FailoverParsed } from './config-schema.ts'
import { canonicalIpv6, canonicalName, isWithin } from './dns-answer.ts'
import { endpointMonitorIds } from './endpoint-monitors.ts'
import { checkUnique, type Id, unknownId } from './ids.ts'
import { formatPath, type Problem, shown } from './problem.ts'

type Path = readonly PropertyKey[]

/** What is wrong with a failover, within itself and towards the monitors and vantages of its config. */
export function checkFailover(
  failover: FailoverParsed,
  i: number,
  written: Written,
  monitorIds: Id[],
  vantageIds: Id[],
): Problem[] {
  const at = ['failovers', i]
  return [
    ...checkCheck(failover, at, written, monitorIds),
    ...checkRecord(failover, at),
    ...checkHealthCheck(failover, at),
    ...checkQuorum(failover, at, vantageIds.length),
    ...checkUnique(
      failover.endpoints.map(({ id }) => id),
      [...at, 'endpoints'],
      'id',
    ),
    ...checkEqual(failover, at),
    ...failover.endpoints.flatMap((_, k) => checkEndpoint(failover, k, [...at, 'endpoints', k], written, monitorIds)),
  ]
}

/** Failovers that would write the same record, and the same TXT beside it: each would undo what the other did. */
export function checkRecords(failovers: readonly (FailoverParsed | undefined)[]): Problem[] {
  const names = failovers.map((failover) => failover && canonicalName(failover.record))
  return names.flatMap((name, i): Problem[] => {
    const first = names.indexOf(name)
    if (name === undefined || first === i) return []
    const hint = `${formatPath(['failovers', first, 'record'])} is the same`
    const path = formatPath(['failovers', i, 'record'])
    return [{ path, expected: 'a record that no other failover moves', got: shown(failovers[i]?.record), hint }]
  })
}

/** Endpoints that would share a monitor, and with it its votes, although they are not the same. */
export function checkEndpointIds(failovers: readonly (FailoverParsed | undefined)[]): Problem[] {
  const seen = new Map<string, { endpoint: string; form: string; path: string; failover: number }>()
  return failovers.flatMap((failover, i) =>
    (failover?.endpoints ?? []).flatMap((endpoint, k) => {
      const path = formatPath(['failovers', i, 'endpoints', k, 'id'])
      const here = { endpoint: endpoint.id, form: formOf(endpoint), path, failover: i }
      const ids = failover ? endpointMonitorIds(failover, endpoint) : []
      const others = ids.flatMap((id) => {
        const first = seen.get(id)
        if (!first) seen.set(id, here)
        return first ? [first] : []
      })
      // What is twice in one failover under one id is told as that.
      const other = others.find((one) =>
        one.failover === i ? one.endpoint !== endpoint.id : one.form !== here.form || one.endpoint !== endpoint.id,
      )
      if (!other) return []
      const expected = `another id than ${other.path} has, whose check is the same and whose addresses are not`
      return [{ path, expected, got: shown(endpoint.id) }]
    }),
  )
}

function checkCheck({ check }: FailoverParsed, at: Path, written: Written, monitorIds: Id[]): Problem[] {
  const path = [...at, 'check']
  if (!monitorIds.includes(check)) return [unknownId(path, 'monitor', check, monitorIds)]
  const template = written.monitors.find((monitor) => monitor?.id === check)
  if (template && 'connectTo' in template && template.connectTo)
    return [
      {
        path: formatPath(path),
        expected: 'a monitor without "connectTo": it is sent to each endpoint in turn',
        got: shown(check),
      },
    ]
  return checkTemplate(path, check, written)
}

/** What cannot tell whether an endpoint is up: a question to DNS and a proxy's reply are the same wherever it is. */
function checkTemplate(path: Path, check: string, { monitors }: Written): Problem[] {
  const template = monitors.find((monitor) => monitor?.id === check)
  if (!template) return []
  const problems: Problem[] = []
  const add = (expected: string, got: string) => problems.push({ path: formatPath(path), expected, got })
  if (template.kind === 'dns') add('a monitor of kind "http", "tls" or "tcp"', shown(template.kind))
  if ('proxy' in template && template.proxy)
    add('a monitor without "proxy", which would look the name up by itself', shown(check))
  if (template.invert) add('a monitor without "invert": traffic would move to what is down', shown(check))
  return problems
}

function checkRecord({ record, zone, endpoints }: FailoverParsed, at: Path): Problem[] {
  const problems: Problem[] = []
  if (record.startsWith('*'))
    problems.push({ path: formatPath([...at, 'record']), expected: 'a name, not a wildcard', got: shown(record) })
  if (!isWithin(canonicalName(record), canonicalName(zone)))
    problems.push({ path: formatPath([...at, 'record']), expected: `a name in the zone ${zone}`, got: shown(record) })
  const name = canonicalName(record)
  if (name.length > longestRecord)
    problems.push({
      path: formatPath([...at, 'record']),
      expected: `a name of at most ${longestRecord} characters: "_vedette-drill." is put before it (RFC 1035 §2.3.4)`,
      got: `${name.length}`,
    })
  if (endpoints[0]?.lastResort)
    problems.push({
      path: formatPath([...at, 'endpoints', 0, 'lastResort']),
      expected: 'a first endpoint that is the one preferred',
      got: 'the last resort',
    })
  return problems
}

/** A name has 253 characters at most, and the longest that is put before a record is `_vedette-drill.`. */
const longestRecord = 253 - '_vedette-drill.'.length

/**
 * Route 53 answers for these by itself: one of two sets of a type, so both endpoints have the same types. There is no TXT in
 * which two controllers could agree who calls a hook, and no right to write a record, which a drill would need.
 */
function checkHealthCheck(failover: FailoverParsed, at: Path): Problem[] {
  if (failover.switch !== 'health-check') return []
  const { endpoints, hooks, drill } = failover
  const problems: Problem[] = []
  const add = (key: string, expected: string, got: string) =>
    problems.push({
      path: formatPath([...at, key]),
      expected: `${expected}, as "switch" is "health-check"`,
      got,
    })
  if (endpoints.length !== 2) add('endpoints', 'exactly two endpoints', `${endpoints.length}`)
  const [primary = '', secondary = ''] = endpoints.map(typesOf)
  if (endpoints.length === 2 && primary !== secondary && primary && secondary)
    add('endpoints', 'two endpoints of the same types', `${primary} and ${secondary}`)
  if (hooks.before || hooks.after) add('hooks', 'no hooks: each controller would call them', shown(hooks))
  if (drill) add('drill', 'no drill: it would write a record', shown(drill))
  return problems
}

/** The types of record sets that an endpoint is answered by. */
function typesOf({ A, AAAA, CNAME, alias }: FailoverParsed['endpoints'][number]): string {
  return [(A || alias) && 'A', AAAA && 'AAAA', CNAME && 'CNAME'].filter(Boolean).join(', ')
}

function checkQuorum({ quorum }: FailoverParsed, at: Path, vantages: number): Problem[] {
  return (['fail', 'pass', 'voters'] as const).flatMap((key) => {
    const given = quorum[key]
    if (given === undefined || vantages === 0 || given <= vantages) return []
    const path = formatPath([...at, 'quorum', key])
    return [{ path, expected: `at most the number of vantages, ${vantages}`, got: `${given}` }]
  })
}

/** A move between two endpoints that are one would be none, and would be told as one. */
function checkEqual({ endpoints }: FailoverParsed, at: Path): Problem[] {
  const forms = endpoints.map(formOf)
  return forms.flatMap((form, k) => {
    const first = forms.indexOf(form)
    if (first === k || form === '') return []
    const [path, same] = [k, first].map((n) => formatPath([...at, 'endpoints', n]))
    return [{ path: path ?? '', expected: 'an endpoint that differs from the others', got: `the same as ${same}` }]
  })
}

/** What an endpoint answers, whatever the order or the spelling; empty where it has no form. */
function formOf({ A, AAAA, CNAME, alias }: FailoverParsed['endpoints'][number]): string {
  const addresses = [...(A ?? []), ...(AAAA ?? []).map(canonicalIpv6)].sort()
  const names = [CNAME, alias?.dnsName].map((name) => (name === undefined ? '' : canonicalName(name)))
  return [...addresses, ...names].filter((text) => text !== '').join(' ')
}

function checkEndpoint(
  { endpoints, record, zone }: FailoverParsed,
  k: number,
  at: Path,
  written: Written,
  monitorIds: Id[],
): Problem[] {
  const endpoint = endpoints[k]
  if (!endpoint) return []
  const problems: Problem[] = []
  const forms = [endpoint.A || endpoint.AAAA, endpoint.CNAME, endpoint.alias].filter(Boolean).length
  if (forms !== 1)
    problems.push({
      path: formatPath(at),
      expected: 'exactly one of "A" and/or "AAAA", "CNAME", "alias"',
      got: `${forms}`,
    })
  problems.push(...checkAddresses(endpoint, at), ...checkLoop(endpoint, record, at))
  // RFC 1034 §3.6.2: no CNAME beside the SOA and NS that every zone has.
  if (endpoint.CNAME && canonicalName(record) === canonicalName(zone))
    problems.push({
      path: formatPath([...at, 'CNAME']),
      expected: 'addresses or an alias, as the record is the apex of its zone',
      got: shown(endpoint.CNAME),
    })
  if (endpoint.lastResort && endpoint.check === undefined)
    problems.push({
      path: formatPath([...at, 'check']),
      expected: 'a check of its own for a last resort, which fails the real one',
      got: 'nothing',
    })
  if (endpoint.check !== undefined && !monitorIds.includes(endpoint.check))
    problems.push(unknownId([...at, 'check'], 'monitor', endpoint.check, monitorIds))
  else if (endpoint.check !== undefined) problems.push(...checkTemplate([...at, 'check'], endpoint.check, written))
  return problems
}

/** Route 53 takes no set that holds a value twice: a move to such an endpoint would always be refused. */
function checkAddresses({ A = [], AAAA = [] }: FailoverParsed['endpoints'][number], at: Path): Problem[] {
  return [['A', A] as const, ['AAAA', AAAA.map(canonicalIpv6)] as const].flatMap(([key, addresses]) =>
    addresses.flatMap((address, n): Problem[] => {
      if (addresses.indexOf(address) === n) return []
      return [{ path: formatPath([...at, key, n]), expected: 'each address once', got: shown(address) }]
    }),
  )
}

/** A record that leads to itself leads nowhere. */
function checkLoop({ CNAME, alias }: FailoverParsed['endpoints'][number], record: string, at: Path): Problem[] {
  const [key, name] = CNAME === undefined ? (['alias', alias?.dnsName] as const) : (['CNAME', CNAME] as const)
  if (name === undefined || canonicalName(name) !== canonicalName(record)) return []
  return [{ path: formatPath([...at, key]), expected: 'another name than the record itself', got: shown(name) }]
}
