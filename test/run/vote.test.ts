import { expect, onTestFinished, test, vi } from 'vitest'
import type { Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { createHost } from '../../lib/run/host.ts'
import { voteOn } from '../../lib/run/vote.ts'

const monitor = parseConfig({
  service: 'test',
  monitors: [{ id: 'm', kind: 'tcp', host: '127.0.0.1', port: 9 }],
}).monitors[0] as Monitor

/** A vote where the target answers from the nth attempt on; `patience` ends with the first. */
async function vote(answersFrom: number, patience = new AbortController()) {
  let attempts = 0
  const host = createHost({ vantage: 'here', version: '0', selfCheck: [] })
  const result = await voteOn(
    monitor,
    {
      ...host,
      probe: async () => {
        attempts++
        if (answersFrom === Number.POSITIVE_INFINITY) patience.abort()
        const failure = { code: 'CONNECT_TIMEOUT', stage: 'connect', message: '' } as const
        return attempts >= answersFrom ? { phases: {}, observed: {} } : { phases: {}, observed: {}, failure }
      },
    },
    patience.signal,
  )
  return { status: result.status, attempts }
}

test.each([
  [1, 'up', 1],
  [2, 'up', 2],
  [3, 'down', 2],
] as const)('a target that answers from attempt %i on is %s after %i', async (from, status, attempts) => {
  expect(await vote(from)).toMatchObject({ status, attempts })
})

test("there is no second attempt once the controller's patience has ended", async () => {
  expect(await vote(Number.POSITIVE_INFINITY)).toMatchObject({ attempts: 1 })
})

test('the second attempt does not wait as a retry does', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  // No time passes here, so a wait would never end.
  expect(await vote(3)).toMatchObject({ attempts: 2 })
})
