import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })

test.each([
  [['bench/simulate.ts', '--seeds', 'abc'], "argument 'abc' is invalid. expected a whole number from 1 on"],
  [['bench/simulate.ts', '--seeds', '0'], 'expected a whole number from 1 on'],
  [['bench/simulate.ts', '--sedes', '1'], 'Did you mean --seeds?'],
  [['bench/run.ts', 'cpus'], "'cpus' is invalid for argument 'part'. Allowed choices are cpu, accuracy"],
  [['test/sandbox/run.ts', 'now'], 'too many arguments'],
])('what is off on the command line of a script ends it with 2, without a stack: %j', (args, says) => {
  const { status, stdout, stderr } = run(...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain(says)
  expect(stderr).not.toMatch(/^ +at /m)
})

test.each(['bench/simulate.ts', 'bench/run.ts', 'test/sandbox/run.ts'])('%s has help', (file) => {
  const { status, stdout, stderr } = run(file, '--help')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^Usage: \w+ \[/)
  expect(stdout).toContain('\nOptions:\n')
})
