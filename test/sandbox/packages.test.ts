import path from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../support/ports.ts'
import { ensureVenv, install, NoPython, requirePython } from '../support/python.ts'

test.skipIf(!(await requirePython()))('without PyPI, one line says that pip could not reach it', async () => {
  const python = path.join(await ensureVenv(), 'python')
  const index = `http://127.0.0.1:${await freePort()}/simple`
  const failed = install(python, ['--quiet', '--no-input', '--retries', '1', '--index-url', index, 'vedette-none'])
  const error: unknown = await failed.catch((thrown) => thrown)
  expect(error).toBeInstanceOf(NoPython)
  expect((error as Error).message).toMatch(
    /^pip could not reach PyPI \(needed once, .*\): ERROR: .*vedette-none[^\n]*$/,
  )
})
