import type { Kind, Monitor } from '../model/monitor.ts'
import type { Observation } from '../model/result.ts'
import { probeDns } from './dns.ts'
import { probeHttp } from './http.ts'
import type { ProbeDeps, ProbeFn } from './probe.ts'
import { probeTcp } from './tcp.ts'
import { probeTls } from './tls.ts'

type Probes = { [K in Kind]: ProbeFn<Extract<Monitor<string>, { kind: K }>> }

/** Every kind of monitor has one probe; this is where a new kind is added. */
const probes: Probes = { http: probeHttp, tcp: probeTcp, tls: probeTls, dns: probeDns }

/** Runs the probe of a monitor's kind. */
export function probe(monitor: Monitor<string>, deps: ProbeDeps, signal: AbortSignal): Promise<Observation> {
  const run = probes[monitor.kind] as ProbeFn<Monitor<string>>
  return run(monitor, deps, signal)
}
