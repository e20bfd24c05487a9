import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Monitor, tlsFileKeys } from '../model/monitor.ts'

/** What a function was told at its deployment: JSON beside its code. */
export function readAsset<Asset>(folder: string): Asset {
  return JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'))
}

/** A monitor whose certificate files, which lie beside the code, are named by their whole path. */
export function withFiles(monitor: Monitor, folder: string): Monitor {
  const files = tlsFileKeys.flatMap((key) => {
    const file = monitor.tls[key]
    return file ? [[key, path.join(folder, file)]] : []
  })
  return { ...monitor, tls: { ...monitor.tls, ...Object.fromEntries(files) } }
}
