import { expect, onTestFinished, test, vi } from 'vitest'
import type { Monitor } from '../../lib/model/monitor.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import type { Observation } from '../../lib/model/result.ts'
import { createHost } from '../../lib/run/host.ts'
import { createSelfCheck } from '../../lib/run/self-check.ts'
import { runMonitor, type VantageHost } from '../../lib/run/vantage.ts'
import { startHttpServer } from '../support/http-server.ts'
import { freePort } from '../support/ports.ts'

function monitorWith(more: Record<string, unknown> = {}): Monitor {
  const monitor = { id: 'm', kind: 'tcp', host: '127.0.0.1', port: 9, timeout: '50ms', retries: 0, ...more }
  return parseConfig({ service: 'test', monitors: [monitor] }).monitors[0] as Monitor
}

type Probe = (signal: AbortSignal, attempt: number) => Promise<Observation>

function hostWith(probe: Probe, more: Partial<VantageHost> = {}): VantageHost {
  let attempts = 0
  const host = createHost({ vantage: 'here', version: '0.0.0', selfCheck: [] })
  return { ...host, probe: (_monitor, _deps, signal) => probe(signal, ++attempts), ...more }
}

const up: Observation = { phases: { connect: 1.23456789 }, observed: { ip: '127.0.0.1' } }
const refused: Observation = {
  phases: {},
  observed: {},
  failure: { code: 'CONNECT_REFUSED', stage: 'connect', message: 'no' },
}

test('a result has the monitor, the place, the time and the phases, to the microsecond', async () => {
  const result = await runMonitor(
    monitorWith(),
    hostWith(async () => up),
  )
  expect(result).toEqual({
    monitor: 'm',
    kind: 'tcp',
    vantage: 'here',
    status: 'up',
    startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    durationMs: expect.any(Number),
    attempts: 1,
    phases: { connect: 1.235 },
    observed: { ip: '127.0.0.1' },
  })
})

test('a probe that hangs past its deadline is stopped and is no vote', async () => {
  const result = await runMonitor(
    monitorWith(),
    hostWith(() => new Promise(() => {})),
  )
  expect(result).toMatchObject({
    status: 'unknown',
    failure: { code: 'INTERNAL', message: 'the probe did not end at its deadline' },
  })
})

test.each([
  [
    'throws',
    () => {
      throw new Error('boom')
    },
  ],
  ['rejects', () => Promise.reject(new Error('boom'))],
])('a probe that %s is no vote', async (_how, probe) => {
  const result = await runMonitor(monitorWith(), hostWith(probe as Probe))
  expect(result).toMatchObject({
    status: 'unknown',
    failure: { code: 'INTERNAL', message: expect.stringContaining('boom') },
  })
})

test('the signal of a probe aborts at the timeout', async () => {
  let aborted = false
  const probe: Probe = (signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        aborted = true
        resolve(refused)
      })
    })
  await runMonitor(monitorWith(), hostWith(probe))
  expect(aborted).toBe(true)
})

test('what comes of judging a result that breaks is no vote', async () => {
  const broken: Observation = {
    ...up,
    get body(): string {
      throw new Error('boom')
    },
  }
  expect(
    await runMonitor(
      monitorWith(),
      hostWith(async () => broken),
    ),
  ).toMatchObject({
    status: 'unknown',
    failure: { code: 'INTERNAL', stage: 'assert', message: expect.stringContaining('boom') },
  })
})

test('time in which this process stands still is not held against the target', async () => {
  const probe: Probe = async (signal) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
    // What had come in the meantime is read in the turns that follow.
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve))
    return signal.aborted ? refused : up
  }
  expect(await runMonitor(monitorWith({ timeout: '500ms' }), hostWith(probe))).toMatchObject({ status: 'up' })
})

test('attempts stop at the first that is up', async () => {
  const host = hostWith(async (_signal, attempt) => (attempt === 1 ? refused : up))
  expect(await runMonitor(monitorWith({ retries: 2 }), host)).toMatchObject({ status: 'up', attempts: 2 })
})

test('a failure is confirmed when all attempts have failed, and not before', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const after = async (upFrom: number) => {
    const host = hostWith(async (_signal, attempt) => (attempt < upFrom ? refused : up))
    const [result] = await Promise.all([runMonitor(monitorWith({ retries: 2 }), host), vi.runAllTimersAsync()])
    return [result.status, result.attempts]
  }
  expect(await after(3)).toEqual(['up', 3])
  expect(await after(4)).toEqual(['down', 3])
})

test('a place is cut off when it reaches none of its self-check targets, as it is at that moment', async () => {
  const stops: (() => Promise<void>)[] = []
  onTestFinished(async () => void (await Promise.all(stops.map((stop) => stop()))))
  const target = await startHttpServer((_, response) => response.end())
  const { deps } = createHost({ vantage: 'here', version: '0', selfCheck: [] })
  const gone = `127.0.0.1:${await freePort()}`
  const isConnected = createSelfCheck([gone, `127.0.0.1:${target.port}`], deps)
  expect(await isConnected()).toBe(true)
  await target.close()
  expect(await isConnected()).toBe(false)
  const again = await startHttpServer((_, response) => response.end(), '127.0.0.1', target.port)
  stops.push(again.close)
  expect(await isConnected()).toBe(true)
  expect(await createSelfCheck([], deps)()).toBe(true)
})

test('no vote is not asked for again', async () => {
  let attempts = 0
  const unsupported: Observation = {
    ...refused,
    failure: { code: 'UNSUPPORTED', stage: 'connect', message: 'no IPv6 here' },
  }
  const host = hostWith(async (_signal, attempt) => {
    attempts = attempt
    return unsupported
  })
  expect(await runMonitor(monitorWith({ retries: 2 }), host)).toMatchObject({
    status: 'unknown',
    failure: { code: 'UNSUPPORTED' },
  })
  expect(attempts).toBe(1)
})

test('the self-check is asked only when a monitor is down, and tells what was seen', async () => {
  let asked = 0
  const isConnected = async () => {
    asked++
    return false
  }
  expect(
    (
      await runMonitor(
        monitorWith(),
        hostWith(async () => up, { isConnected }),
      )
    ).status,
  ).toBe('up')
  expect(asked).toBe(0)
  const result = await runMonitor(
    monitorWith(),
    hostWith(async () => refused, { isConnected }),
  )
  expect(result).toMatchObject({
    status: 'unknown',
    failure: { code: 'SELF', message: expect.stringContaining('CONNECT_REFUSED') },
  })
  expect(asked).toBe(1)
})

test('invert leaves no vote alone', async () => {
  const cutOff = hostWith(async () => {
    throw new Error('boom')
  })
  expect((await runMonitor(monitorWith({ invert: true }), cutOff)).status).toBe('unknown')
  expect(
    (
      await runMonitor(
        monitorWith({ invert: true }),
        hostWith(async () => refused),
      )
    ).status,
  ).toBe('up')
})

test('an abort from outside ends the run and its retries', async () => {
  const outside = new AbortController()
  const probe: Probe = (signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(refused))
      outside.abort()
    })
  const result = await runMonitor(monitorWith({ timeout: '10s', retries: 2 }), hostWith(probe), outside.signal)
  expect(result.attempts).toBe(1)
})

function guarded(token: unknown, retries = 0): Monitor {
  const url = 'http://127.0.0.1:9/'
  const monitor = { id: 'm', kind: 'http', url, timeout: '50ms', retries, auth: { bearer: token } }
  return parseConfig({ service: 'test', monitors: [monitor] }).monitors[0] as Monitor
}

/** A peer that lets in who shows `new`. */
const peer = async (monitor: Monitor<string>): Promise<Observation> => {
  const shown = monitor.kind === 'http' && monitor.auth && 'bearer' in monitor.auth ? monitor.auth.bearer : ''
  return { phases: {}, observed: { statusCode: shown === 'new-token' ? 200 : 401 } }
}

test('a secret that a peer refuses is read again, and shown at once', async () => {
  const asked: unknown[] = []
  const secret: VantageHost['secret'] = async (ref, options) => {
    asked.push([ref, options?.isStale ?? false])
    return options?.isStale ? 'new-token' : 'old-token'
  }
  const host = { ...hostWith(async () => up), probe: peer, secret }
  expect(await runMonitor(guarded({ secret: 'shop/token' }), host)).toMatchObject({ status: 'up', attempts: 1 })
  const ref = { secret: 'shop/token' }
  expect(asked).toEqual([
    [ref, false],
    [ref, true],
  ])
})

test.each([
  ['that has not changed', async () => 'old-token'],
  [
    'that cannot be read again',
    async (_ref: unknown, options?: { isStale?: boolean }) => {
      if (options?.isStale) throw new Error('gone')
      return 'old-token'
    },
  ],
])('a refused secret %s makes no further attempt', async (_how, secret) => {
  let probes = 0
  const counted: VantageHost['probe'] = async (monitor) => {
    probes++
    return peer(monitor)
  }
  const host = { ...hostWith(async () => up), probe: counted, secret }
  expect(await runMonitor(guarded({ secret: 'shop/token' }), host)).toMatchObject({ status: 'down', attempts: 1 })
  expect(probes).toBe(1)
})
