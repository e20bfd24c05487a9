import { isIP } from 'node:net'
import type { RouteHealth } from '../../decide/route-health.ts'
import type { TlsOptions } from '../../model/monitor.ts'
import type { Certificate, DnsObserved, HttpObserved, ProbeResult, TlsObserved } from '../../model/result.ts'
import type { Board } from './board.ts'
import { addBudgets } from './budget-metrics.ts'
import { type Labels, MetricFamilies, Prepared } from './prometheus.ts'

/** Everything that Prometheus may scrape: blackbox_exporter's names for what one run saw, our own for the rest. */
export function metricsText(board: Board): string {
  const families = new MetricFamilies()
  for (const { id, kind, target, config } of board.monitors.values()) {
    const { verify: verifies = false } = (config.tls ?? {}) as Partial<TlsOptions>
    for (const result of board.latest(id)) {
      const labels = { monitor: id, kind, target, vantage: result.vantage }
      addRun(families, labels, result, verifies)
    }
    const view = board.view(id)
    for (const state of ['pending', 'up', 'degraded', 'down'] as const)
      families.gauge(
        'vedette_monitor_state',
        'The state after hysteresis: 1 for the one it is in.',
        { monitor: id, state },
        Number((view?.state ?? 'pending') === state),
      )
    if (view)
      families.gauge(
        'vedette_monitor_muted',
        'In a maintenance window: nobody is alerted.',
        { monitor: id },
        Number(view.muted),
      )
    if (view)
      families.counter(
        'vedette_monitor_skipped_runs_total',
        'Slots that came while a run was still under way.',
        { monitor: id },
        view.skipped,
      )
  }
  addBudgets(families, board)
  addFailovers(families, board)
  addEngine(families, board)
  return families.text()
}

function addRun(families: MetricFamilies, labels: Labels, result: ProbeResult, isTrusted: boolean): void {
  const { status, durationMs, phases, attempts, startedAt, kind } = result
  const prepared = new Prepared(labels)
  const gauge = (name: string, help: string, value: number, more?: Labels) =>
    families.gauge(name, help, more ? new Prepared(more, prepared) : prepared, value)
  // `unknown` is no vote: neither 0 nor 1 would be true.
  if (status !== 'unknown') gauge('probe_success', 'Whether the last run succeeded.', Number(status !== 'down'))
  gauge('vedette_probe_no_vote', 'Whether the last run could not tell (unknown).', Number(status === 'unknown'))
  gauge('vedette_probe_degraded', 'Whether the last run succeeded but was degraded.', Number(status === 'degraded'))
  gauge('probe_duration_seconds', 'How long the last attempt of the last run took.', durationMs / 1000)
  gauge('vedette_probe_attempts', 'How many attempts the last run took.', attempts)
  gauge('vedette_probe_timestamp_seconds', 'When the last run began.', Date.parse(startedAt) / 1000)
  if (phases.resolve !== undefined)
    gauge('probe_dns_lookup_time_seconds', 'How long the name took to resolve.', phases.resolve / 1000)
  const code = result.failure?.code
  if (code) gauge('vedette_probe_failure_info', 'Why the last run was not up.', 1, { code })
  const { ip } = result.observed as HttpObserved
  if (ip !== undefined) gauge('probe_ip_protocol', 'The version of IP that was used.', ip.includes(':') ? 6 : 4)
  if (kind === 'http') addHttp(gauge, result)
  if (kind === 'dns') addDns(gauge, result)
  addTls(gauge, result.observed as TlsObserved)
  if (isTrusted) addChain(gauge, result)
}

type Gauge = (name: string, help: string, value: number, more?: Labels) => void

function addHttp(gauge: Gauge, { phases, observed }: ProbeResult): void {
  const { statusCode, httpVersion, redirects, bodyBytes, decodedBytes, certificate } = observed as HttpObserved
  for (const phase of ['resolve', 'connect', 'tls', 'processing', 'transfer'] as const) {
    const seconds = (phases[phase] ?? 0) / 1000
    gauge('probe_http_duration_seconds', 'How long each phase took, summed over redirects.', seconds, { phase })
  }
  gauge('probe_http_status_code', 'The status of the reply; 0 for none.', statusCode ?? 0)
  if (httpVersion !== undefined) gauge('probe_http_version', 'The HTTP version of the reply.', Number(httpVersion))
  if (redirects !== undefined) gauge('probe_http_redirects', 'How many redirects were followed.', redirects)
  if (bodyBytes !== undefined) gauge('probe_http_content_length', 'Bytes of the body as transferred.', bodyBytes)
  if (decodedBytes !== undefined)
    gauge('probe_http_uncompressed_body_length', 'Bytes of the body after decompression.', decodedBytes)
  gauge('probe_http_ssl', 'Whether TLS was used.', Number(certificate !== undefined))
}

/** blackbox_exporter's phases of a DNS probe are resolve, connect and request. */
function addDns(gauge: Gauge, { phases, observed }: ProbeResult): void {
  const { resolve = 0, connect = 0, tls = 0, processing, transfer = 0 } = phases
  const { counts, rcode, serial } = observed as DnsObserved
  const phase = (name: string, ms: number) =>
    gauge('probe_dns_duration_seconds', 'How long each phase took.', ms / 1000, { phase: name })
  phase('resolve', resolve)
  phase('connect', connect + tls)
  if (processing !== undefined) phase('request', processing + transfer)
  gauge('probe_dns_query_succeeded', 'Whether a server answered.', Number(rcode !== undefined))
  if (counts) {
    gauge('probe_dns_answer_rrs', 'Records in the answer section.', counts.answers)
    gauge('probe_dns_authority_rrs', 'Records in the authority section.', counts.authorities)
    gauge('probe_dns_additional_rrs', 'Records in the additional section.', counts.additionals)
  }
  if (serial !== undefined) gauge('probe_dns_serial', "The zone's serial.", serial)
}

function addTls(gauge: Gauge, { certificate, version, cipher }: TlsObserved): void {
  if (version !== undefined) gauge('probe_tls_version_info', 'The TLS version.', 1, { version: versionName(version) })
  if (cipher !== undefined) gauge('probe_tls_cipher_info', 'The cipher suite.', 1, { cipher })
  if (!certificate) return
  gauge('probe_ssl_earliest_cert_expiry', 'When the first certificate of the chain expires.', chainEnd(certificate))
  gauge('probe_ssl_last_chain_info', 'The certificate.', 1, certificateLabels(certificate))
}

/** blackbox_exporter tells it of chains that were verified; there is one at most here, up to its root. */
function addChain(gauge: Gauge, { observed, failure }: ProbeResult): void {
  const { certificate } = observed as TlsObserved
  if (!certificate || failure?.code.startsWith('TLS_')) return
  const help = 'When the first certificate of the chain that was verified expires.'
  gauge('probe_ssl_last_chain_expiry_timestamp_seconds', help, chainEnd(certificate))
}

/** Seconds since 1970. */
function chainEnd(certificate: Certificate): number {
  return Math.min(...[certificate, ...certificate.chain].map(({ validTo }) => Date.parse(validTo) / 1000))
}

/** As blackbox_exporter names it: `TLS 1.3` for `TLSv1.3`, `TLS 1.0` for `TLSv1`. */
function versionName(version: string): string {
  return version.replace(/^TLSv1$/, 'TLSv1.0').replace('TLSv', 'TLS ')
}

/** As blackbox_exporter has them: names as RFC 2253 writes them, without blanks, and of the alternatives those of DNS. */
function certificateLabels({ fingerprint256, subject, issuer, sans }: Certificate): Labels {
  const dnsNames = sans.filter((name) => isIP(name) === 0 && /^[\w.*-]+$/.test(name))
  return {
    fingerprint_sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
    ...{ subject: withoutBlanks(subject), issuer: withoutBlanks(issuer), subjectalternative: dnsNames.join(',') },
  }
}

/** `CN=R11,O=Acme\, Inc` for `CN=R11, O=Acme\, Inc`: a comma of a value is escaped. */
function withoutBlanks(name: string): string {
  return name.replace(/(?<!\\), (?=[\w.]+=)/g, ',')
}

function addFailovers(families: MetricFamilies, board: Board): void {
  for (const { id: failover, locked, endpoints, readiness } of board.failovers()) {
    families.gauge('vedette_failover_locked', 'Whether automatic moves are locked.', { failover }, Number(locked))
    if (readiness)
      families.gauge(
        'vedette_failover_ready',
        'Whether it is ready.',
        { failover },
        Number(readiness.problems.length === 0),
      )
    for (const { id: endpoint, active, votes } of endpoints) {
      const labels = { failover, endpoint }
      families.gauge('vedette_failover_active', 'Whether the record leads to this endpoint.', labels, Number(active))
      for (const vote of ['up', 'down', 'none'] as const)
        families.gauge('vedette_failover_votes', 'Votes of the last decision.', { ...labels, vote }, votes[vote].length)
    }
  }
}

function addEngine(families: MetricFamilies, board: Board): void {
  const { version, startedAtMs, lag, history, service, routes } = board.engine()
  families.gauge('vedette_build_info', 'The version that runs.', { version, service }, 1)
  families.gauge('vedette_start_time_seconds', 'When the engine started.', {}, startedAtMs / 1000)
  families.gauge('vedette_incidents_open', 'Monitors that are held to be down.', {}, board.incidents.open().length)
  for (const [stat, ms] of Object.entries({ p50: lag.p50Ms, p99: lag.p99Ms, max: lag.maxMs }))
    families.gauge('vedette_lag_seconds', 'How late runs start, of the latest of them.', { stat }, ms / 1000)
  families.gauge('vedette_history_waiting', 'Entries not written yet.', {}, history.waiting)
  families.counter('vedette_history_dropped_total', 'Entries lost: the file could not be written.', {}, history.dropped)
  families.gauge('vedette_history_up', 'Whether the history is written.', {}, Number(history.trouble === undefined))
  for (const health of routes) addRoute(families, health)
}

function addRoute(families: MetricFamilies, { route, sent, failed, waiting, failing }: RouteHealth): void {
  const labels = { route }
  families.gauge(
    'vedette_notify_up',
    'Whether a route could be told, the last time it was tried.',
    labels,
    Number(!failing),
  )
  families.counter('vedette_notify_sent_total', 'Notices that a route took.', labels, sent)
  families.counter('vedette_notify_failed_total', 'Rounds in which a route could not be told a notice.', labels, failed)
  families.gauge('vedette_notify_waiting', 'Notices that a route is still to be told.', labels, waiting)
}
