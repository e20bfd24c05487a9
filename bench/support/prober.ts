import type { MonitorInput } from '../../lib/model/monitor-schema.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { ProbeResult } from '../../lib/model/result.ts'
import { createHost } from '../../lib/run/host.ts'
import { enableLinearRegex } from '../../lib/run/linear-regex.ts'
import { runMonitor } from '../../lib/run/vantage.ts'

const host = createHost({ vantage: 'bench', version: 'bench', selfCheck: [] })

/** Reads monitors as a config would give them; what it returns runs one by id, on the path of `vedette run`, and rejects unless it is up. */
export function prober(monitors: MonitorInput[]): (id: string) => Promise<ProbeResult> {
  enableLinearRegex()
  const config = parseConfig({ service: 'bench', monitors })
  const byId = new Map(config.monitors.map((monitor) => [monitor.id, monitor]))
  return async (id) => {
    const monitor = byId.get(id)
    if (!monitor) throw new Error(`no monitor ${id}`)
    const result = await runMonitor(monitor, host)
    if (result.status !== 'up') throw new Error(`${id} is ${result.status}: ${JSON.stringify(result.failure)}`)
    return result
  }
}
