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
  const byRegion = Object.entries(Object.groupBy(stacks, ({ environment }) => environment.region))

  test.each(byRegion)('finds nothing in what is deployed in %s', async (region, deployed = []) => {
    const linter = path.join(await ensureVenv(), 'cfn-lint')
    const templates = deployed.map(({ templateFullPath }) => templateFullPath)
    const args = ['--regions', region, '--ignore-checks', ...Object.keys(ignored), '--', ...templates]
    const { status, stdout, stderr } = spawnSync(linter, args, { encoding: 'utf8' })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})
