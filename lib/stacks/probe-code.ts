import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { monitorsOf } from '../decide/plan.ts'
import { probeAssetOf } from '../decide/probe-asset.ts'
import { failoverMonitors, probeNowAssetOf } from '../decide/probe-now.ts'
import type { Config, Vantage } from '../model/config.ts'
import { type Monitor, tlsFileKeys } from '../model/monitor.ts'
import type { Bundle } from './bundle.ts'

/** The files of a vantage's probe function: its code, what it is to watch, and the certificates that it does so with. */
export function probeFiles(config: Config, vantage: Vantage, code: Bundle): Record<string, string> {
  const files = { ...code }
  const monitors = monitorsOf(config.monitors, vantage).map((monitor) => withOwnFiles(monitor, files))
  files['config.json'] = JSON.stringify(probeAssetOf({ ...config, monitors }, vantage))
  return files
}

/** The files of a vantage's probe-now function: the same, for the monitors that failovers ask for. */
export function probeNowFiles(config: Config, vantage: Vantage, code: Bundle): Record<string, string> {
  const files = { ...code }
  const monitors = failoverMonitors(config).map((monitor) => withOwnFiles(monitor, files))
  files['config.json'] = JSON.stringify(probeNowAssetOf({ ...config, monitors }, vantage))
  return files
}

/** The monitor with its certificate files named as they lie in the asset; they are added to `files`. */
function withOwnFiles(monitor: Monitor, files: Record<string, string>): Monitor {
  const own = tlsFileKeys.flatMap((key) => {
    const file = monitor.tls[key]
    if (!file) return []
    const text = readFileSync(file, 'utf8')
    const name = `tls/${createHash('sha256').update(text).digest('hex').slice(0, 16)}.pem`
    files[name] = text
    return [[key, name]]
  })
  return { ...monitor, tls: { ...monitor.tls, ...Object.fromEntries(own) } }
}
