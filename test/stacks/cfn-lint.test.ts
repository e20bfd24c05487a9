import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { deployableConfig } from '../support/deployable-config.ts'
import { synthesize } from '../support/synth.ts'
import { requireSystem, systemPath } from '../support/system.ts'

/** Rules that do not hold here, each with its reason. */
const ignored = {
  W3005: "the CDK's Function waits for its role by DependsOn, although it refers to it too",
}

const venv = path.resolve(import.meta.dirname, '../../.venv/bin')
const linter = systemPath('cfn-lint', [venv])

describe.skipIf(!requireSystem('cfn-lint', [venv]))('cfn-lint', () => {
  const { stacks } = synthesize(deployableConfig())

  test.each(
    stacks.map(({ stackName, environment, templateFullPath }) => [stackName, environment.region, templateFullPath]),
  )('finds nothing in %s, deployed in %s', (_, region, template) => {
    const args = ['--regions', region, '--ignore-checks', ...Object.keys(ignored), '--', template]
    const { status, stdout, stderr } = spawnSync(linter as string, args, { encoding: 'utf8' })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})
