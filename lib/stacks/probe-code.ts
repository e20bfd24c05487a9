import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { monitorsOf } from '../decide/plan.ts'
import { probeAssetOf } from '../decide/probe-asset.ts'
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

/** Lends files to `use` as the code of a function. Its hash is that of their content: the same config gives the same asset. */
export function withCode<T>(files: Record<string, string>, use: (code: Code) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'vedette-probe-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
      writeFileSync(path.join(folder, name), text)
    }
    // An asset is copied into the cloud assembly as soon as it is used.
    return use(Code.fromAsset(folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
