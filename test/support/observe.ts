import { parseConfig } from '../../lib/model/parse-config.ts'
import type { ProbeResult } from '../../lib/model/result.ts'
import { createHost } from '../../lib/run/host.ts'
import { runMonitor } from '../../lib/run/vantage.ts'

/** A monitor as a config has it, without its id; retries are 0 and the time-out 10 s, more than anything here takes on a busy machine, unless the test is about them. */
export type TestMonitor = { kind: 'http' | 'tcp' | 'tls' | 'dns' } & Record<string, unknown>

/** Runs a monitor through the real path: config, vantage, probe, assertions. */
export function observe<O = Record<string, unknown>>(
  monitor: TestMonitor,
  top: { resolver?: string; selfCheck?: string[] } = {},
): Promise<ProbeResult & { observed: O }> {
  const timing = { every: '10m', timeout: '10s', retries: 0 }
  const config = parseConfig({ service: 'test', ...top, monitors: [{ id: 'm', ...timing, ...monitor }] })
  const host = createHost({ vantage: 'test', version: '0.0.0', ...config })
  const [parsed] = config.monitors
  if (!parsed) throw new Error('the config has no monitor')
  return runMonitor(parsed, host) as Promise<ProbeResult & { observed: O }>
}
