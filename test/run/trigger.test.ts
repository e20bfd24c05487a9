import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type CallController, createTrigger } from '../../lib/run/trigger.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function setup(answer: CallController = async () => undefined) {
  const calls: Parameters<CallController>[] = []
  const lines: string[] = []
  const trigger = createTrigger(
    { vantage: 'north', controllers: ['home', 'standby'] },
    (...call) => {
      calls.push(call)
      return answer(...call)
    },
    (line) => void lines.push(line),
  )
  const settled = () => Promise.all([trigger.settled(), vi.runAllTimersAsync()])
  return { calls, lines, trigger, settled }
}

test('failures that come together are told once to every controller', async () => {
  const { calls, trigger, settled } = setup()
  for (const [i, monitor] of ['api@one', 'web@one', 'api@one'].entries())
    trigger.failed(monitor, [4000, 5000, 6000][i] ?? 0)
  await settled()
  const call = { do: 'trigger', vantage: 'north', monitors: ['api@one', 'web@one'], sinceMs: 4000 }
  expect(calls).toEqual([
    ['home', call],
    ['standby', call],
  ])
})

test('a failure that comes while another is told is told too', async () => {
  const { calls, trigger, settled } = setup(() => new Promise((resolve) => setTimeout(resolve, 1000, undefined)))
  trigger.failed('api@one', 5000)
  await vi.advanceTimersByTimeAsync(500)
  trigger.failed('api@one', 5000)
  await settled()
  expect(calls).toHaveLength(4)
})

test('one controller that cannot be reached keeps none from the other, and is logged', async () => {
  const { calls, lines, trigger, settled } = setup(async (region) => (region === 'home' ? 'timed out' : undefined))
  trigger.failed('api@one', 5000)
  await settled()
  expect(calls.map(([region]) => region)).toEqual(['home', 'standby'])
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { trigger: 'home', monitors: ['api@one'], problem: 'timed out' },
  ])
})

test('what is under way is waited for, also what began meanwhile', async () => {
  let ended = 0
  const { trigger, settled } = setup(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    ended++
    return undefined
  })
  trigger.failed('api@one', 5000)
  setTimeout(() => trigger.failed('web@one', 5000), 700)
  const told = trigger.settled().then(() => ended)
  await settled()
  expect(await told).toBe(4)
})
