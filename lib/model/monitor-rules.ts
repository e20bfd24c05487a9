import { formatDuration } from './duration.ts'
import { isIpv4, isIpv6, resolverAddress } from './fields.ts'
import { splitHostPort } from './host-port.ts'
import { type DnsMonitor, type HttpMonitor, type Monitor, retryWaitMs, type TlsOptions } from './monitor.ts'
import { didYouMean, formatPath, type Problem, shown } from './problem.ts'

/** What is wrong with a monitor whose keys are each right: rules between them. */
export function checkMonitor(monitor: Monitor, at: readonly PropertyKey[]): Problem[] {
  return [
    ...checkTiming(monitor, at),
    ...checkThresholds(monitor, at),
    ...checkLatency(monitor, at),
    ...('tls' in monitor ? checkTls(monitor.tls, [...at, 'tls']) : []),
    ...(monitor.kind === 'http' ? checkHttp(monitor, at) : []),
    ...(monitor.kind === 'dns' ? checkDns(monitor, at) : []),
  ]
}

function checkTiming({ everyMs, timeoutMs, retries }: Monitor, at: readonly PropertyKey[]): Problem[] {
  const worstMs = (retries + 1) * timeoutMs + retries * retryWaitMs
  if (worstMs <= everyMs) return []
  const fits = Math.floor((everyMs - retries * retryWaitMs) / (retries + 1) / 100) * 100
  const advice = [
    fits > 0 && `"timeout": "${formatDuration(fits)}"`,
    retries > 0 && timeoutMs <= everyMs && '"retries": 0',
  ]
  return [
    {
      path: formatPath([...at, 'timeout']),
      expected: `(retries + 1) × timeout + 1s between attempts within "every" (${formatDuration(everyMs)})`,
      got: `${retries + 1} × ${formatDuration(timeoutMs)} + ${retries}s = ${formatDuration(worstMs)}`,
      hint: `${advice.filter(Boolean).join(' or ')}${advice.some(Boolean) ? ', or a longer' : 'use a longer'} "every"`,
    },
  ]
}

function checkThresholds({ thresholds: { down, of } }: Monitor, at: readonly PropertyKey[]): Problem[] {
  if (of === undefined || of >= down) return []
  return [{ path: formatPath([...at, 'thresholds', 'of']), expected: `at least "down", ${down}`, got: String(of) }]
}

function checkLatency({ latency, timeoutMs }: Monitor, at: readonly PropertyKey[]): Problem[] {
  if (!latency) return []
  const { p95Ms, p99Ms, regression } = latency
  const problem = (key: string, expected: string, got: string): Problem => ({
    path: formatPath([...at, 'latency', ...(key ? [key] : [])]),
    expected,
    got,
  })
  if (p95Ms === undefined && p99Ms === undefined && regression === undefined)
    return [problem('', 'at least one of "p95", "p99" and "regression"', 'none')]
  const limits = [
    ...(p95Ms === undefined ? [] : [['p95', p95Ms] as const]),
    ...(p99Ms === undefined ? [] : [['p99', p99Ms] as const]),
  ]
  const timeout = formatDuration(timeoutMs)
  const tooHigh = limits
    .filter(([, limitMs]) => limitMs >= timeoutMs)
    .map(([key, limitMs]) =>
      problem(key, `less than "timeout", ${timeout}: a run that takes longer has failed`, formatDuration(limitMs)),
    )
  const isUpsideDown = p95Ms !== undefined && p99Ms !== undefined && p99Ms < p95Ms
  return [
    ...tooHigh,
    ...(isUpsideDown ? [problem('p99', `at least "p95", ${formatDuration(p95Ms)}`, formatDuration(p99Ms))] : []),
  ]
}

const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

function checkTls(tls: TlsOptions, at: readonly PropertyKey[]): Problem[] {
  const problems: Problem[] = []
  for (const [has, needs] of [
    ['certFile', 'keyFile'],
    ['keyFile', 'certFile'],
  ] as const) {
    if (tls[has] && !tls[needs])
      problems.push({ path: formatPath([...at, needs]), expected: `a file, as ${has} is given`, got: 'nothing' })
  }
  if (versions.indexOf(tls.minVersion) > versions.indexOf(tls.maxVersion))
    problems.push({
      path: formatPath([...at, 'minVersion']),
      expected: `at most maxVersion, ${tls.maxVersion}`,
      got: tls.minVersion,
    })
  return problems
}

function checkHttp(monitor: HttpMonitor, at: readonly PropertyKey[]): Problem[] {
  const problems: Problem[] = []
  const secure = /^https:/i.test(monitor.url)
  if (monitor.httpVersion === '2' && !secure)
    problems.push({
      path: formatPath([...at, 'httpVersion']),
      expected: '"any" or "1.1" for an http URL: HTTP/2 is agreed on in TLS',
      got: '"2"',
    })
  if (monitor.proxy && monitor.connectTo)
    problems.push({ path: formatPath([...at, 'connectTo']), expected: 'either "proxy" or "connectTo"', got: 'both' })
  const names = Object.keys(monitor.headers).map((name) => name.toLowerCase())
  if (monitor.auth && names.includes('authorization'))
    problems.push({
      path: formatPath([...at, 'auth']),
      expected: 'either "auth" or the header "authorization"',
      got: 'both',
    })
  for (const [i, { source }] of monitor.expect.entries()) {
    const path = formatPath([...at, 'expect', i, 'source'])
    if (monitor.method === 'HEAD' && (source === 'body' || source === 'json'))
      problems.push({ path, expected: 'no assertion on the body of a HEAD request: it has none', got: shown(source) })
    if (!secure && monitor.redirects === 0 && source.startsWith('certificate.'))
      problems.push({ path, expected: 'no certificate assertion on an http URL', got: shown(source) })
  }
  return problems
}

function checkDns(monitor: DnsMonitor, at: readonly PropertyKey[]): Problem[] {
  const problems = monitor.servers.flatMap((server, i): Problem[] => {
    const expected = wrongServer(server, monitor.protocol)
    if (!expected) return []
    const hint = didYouMean(server, ['authoritative'])
    return [{ path: formatPath([...at, 'servers', i]), expected, got: shown(server), ...(hint && { hint }) }]
  })
  if (monitor.protocol !== 'udp' && monitor.protocol !== 'tcp' && monitor.servers.length === 0)
    problems.push({
      path: formatPath([...at, 'servers']),
      expected: `a server that speaks ${monitor.protocol}`,
      got: 'none',
    })
  if (
    monitor.agree &&
    monitor.servers.length < 2 &&
    !monitor.servers.some((server) => server.startsWith('authoritative'))
  )
    problems.push({
      path: formatPath([...at, 'agree']),
      expected: 'at least two servers to agree, or "authoritative"',
      got: `${monitor.servers.length}`,
    })
  return problems
}

function wrongServer(server: string, protocol: DnsMonitor['protocol']): string | undefined {
  if (protocol === 'doh')
    return /^https:\/\//i.test(server) && URL.canParse(server) ? undefined : 'an https URL, as protocol is "doh"'
  if (/^authoritative(:\d{1,5})?$/.test(server))
    return protocol === 'dot' ? 'a server that speaks dot: authoritative servers are asked by udp or tcp' : undefined
  const expected = '"authoritative", or the address or name of a DNS server with or without port'
  const { host } = splitHostPort(server) ?? {}
  if (host === undefined) return expected
  if (isIpv4(host) || isIpv6(host)) return undefined
  // A name without a dot is a typing error far more often than a server.
  return resolverAddress.safeParse(server).success ||
    (/^[\w-]+(\.[\w-]+)+\.?$/.test(host) && !/^[\d.]+$/.test(host)) ||
    host === 'localhost'
    ? undefined
    : expected
}
