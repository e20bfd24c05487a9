import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { deployableConfig } from '../support/deployable-config.ts'
import { ensureVenv, requirePython } from '../support/python.ts'
import { synthesize } from '../support/synth.ts'

/** Rules that do not hold here, each with its reason. */
const ignored = {
  W3005: "the CDK's Function waits for its role by DependsOn, although it refers to it too",
}

describe.skipIf(!(await requirePython()))('cfn-lint', () => {
  const { stacks } = synthesize(deployableConfig())

  test.each(
    stacks.map(({ stackName, environment, templateFullPath }) => [stackName, environment.region, templateFullPath]),
  )('finds nothing in %s, deployed in %s', async (_, region, template) => {
    const linter = path.join(await ensureVenv(), 'cfn-lint')
    const args = ['--regions', region, '--ignore-checks', ...Object.keys(ignored), '--', template]
    const { status, stdout, stderr } = spawnSync(linter, args, { encoding: 'utf8' })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})
