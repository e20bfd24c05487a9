import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The sandbox mostly waits, for schedules and deployments: it begins first, and its two long files have workers beside those that keep the cores busy. */
class SandboxFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSandbox = ({ moduleId }: TestSpecification) => moduleId.includes('/test/sandbox/')
    return [...sorted.filter(isSandbox), ...sorted.filter((file) => !isSandbox(file))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    // Against what hangs: a machine that is busy with other things may be many times slower than this one.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: SandboxFirst },
  },
})
