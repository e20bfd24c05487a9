import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The sandbox mostly waits, for schedules and deployments: it begins first. Then what shares workers, in a row, as a worker
 * that meets another kind of file ends; the CDK's files beside each other, as loading it costs more than most tests.
 */
class InRow extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => {
      if (moduleId.includes('/test/sandbox/')) return 0
      if (moduleId.includes('/test/stacks/')) return 1
      return project.name === 'pure' ? 2 : 3
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

// Hundreds of processes load the same modules, the command line above all: half of their time was spent compiling.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/vedette', import.meta.url))

const pure = ['test/{decide,model,stacks}/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      // What keeps nothing behind shares its workers.
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
      { extends: true, test: { name: 'machine', include: ['test/**/*.test.ts'], exclude: pure } },
    ],
    setupFiles: ['test/support/setup.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    // Only for what never ends: a machine that others keep busy may need many times what an idle one does.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: availableParallelism() + 4,
    sequence: { sequencer: InRow },
  },
})
