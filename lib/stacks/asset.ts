import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Code } from 'aws-cdk-lib/aws-lambda'

/** Lends files to `use` as the code of a function. Its hash is that of their content: the same config gives the same asset. */
export function withCode<T>(files: Record<string, string>, use: (code: Code) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'vedette-function-'))
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
