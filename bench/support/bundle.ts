import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Writes a function's files into a temporary folder and gives its path. */
export function writeBundle(files: Record<string, string>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'vedette-bundle-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  return folder
}
