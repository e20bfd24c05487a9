import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
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

// Hundreds of processes load the same modules, the command line above all: half of their time was spent compiling.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/vedette', import.meta.url))

const pure = ['test/{decide,model,stacks}/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      // What keeps nothing behind shares its workers: loading the modules again, the CDK's above all, costs more than most tests.
      {
        extends: true,
        test: {
          name: 'pure',
          include: pure,
          isolate: false,
          setupFiles: ['test/support/behind-others.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      // What probes and servers have deadlines for may come too late once on a machine that stands still: said in the summary.
      { extends: true, test: { name: 'machine', include: ['test/**/*.test.ts'], exclude: pure, retry: 1 } },
    ],
    setupFiles: ['test/support/setup.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    // Only for what never ends: a machine that others keep busy may need many times what an idle one does.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: availableParallelism() + 4,
    sequence: { sequencer: SandboxFirst },
  },
})
