import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const folders: string[] = []

/** A new folder, gone when this process ends. */
export function lastingFolder(name: string): string {
  if (folders.length === 0) {
    process.once('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    })
    // Vitest ends its workers by this signal, which alone would run no exit handlers.
    process.once('SIGTERM', () => process.exit())
  }
  const folder = mkdtempSync(path.join(tmpdir(), `vedette-${name}-`))
  folders.push(folder)
  return folder
}
