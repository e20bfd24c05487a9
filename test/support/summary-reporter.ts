import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one plain line that any CI can read, after the tests that passed at their second try: each is a question. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const again: string[] = []
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1
      for (const test of module.children.allTests()) {
        counts[test.result().state] += 1
        if (test.diagnostic()?.flaky) again.push(`${module.relativeModuleId} > ${test.fullName}`)
      }
    }
    for (const test of again) console.log(`passed at the second try: ${test}`)
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  }
}
