import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { runHook } from '../../lib/local/hook.ts'
import type { Failover, Hook } from '../../lib/model/failover.ts'
import { failoverOf } from '../support/failover-fixture.ts'
import { temporaryFolder } from '../support/history.ts'

const withHook = (before: Hook): Failover => ({ ...failoverOf(), hooks: { before } })
const node = (script: string): Failover => withHook({ command: [process.execPath, '-e', script] })
const call = { name: 'before', key: 'live/7', to: 'two' } as const

test('a command is told what it is for, and its exit code says how it went', async () => {
  const file = path.join(temporaryFolder(), 'told')
  const say = `const { VEDETTE_HOOK: h, VEDETTE_KEY: k, VEDETTE_FAILOVER: f, VEDETTE_TO: t } = process.env
    require('node:fs').writeFileSync(${JSON.stringify(file)}, [h, k, f, t].join(' '))`
  expect(await runHook(node(say), call)).toEqual({ kind: 'hookOk' })
  expect(readFileSync(file, 'utf8')).toBe('before live/7 live two')
  expect(await runHook(node('process.exit(3)'), call)).toEqual({
    ...{ kind: 'hookFailed', why: `${process.execPath} ended with exit code 3` },
  })
})

test('a command that prints without end is not held up, nor kept in memory', async () => {
  expect(await runHook(node('process.stdout.write("x".repeat(3_000_000))'), call)).toEqual({ kind: 'hookOk' })
})

test('a command that does not end leaves its outcome unknown', async () => {
  expect(await runHook(node('setInterval(() => {}, 1000)'), call, 500)).toEqual({
    ...{ kind: 'hookUnknown', why: `${process.execPath} was ended by SIGKILL` },
  })
})

test('what a command leaves running is not waited for', async () => {
  const file = path.join(temporaryFolder(), 'pid')
  const script = `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'inherit', detached: true })
    require('node:fs').writeFileSync(${JSON.stringify(file)}, String(child.pid)); child.unref()`
  expect(await runHook(node(script), call, 25_000)).toEqual({ kind: 'hookOk' })
  await vi.waitUntil(() => existsSync(file), { timeout: 20_000 })
  process.kill(Number(readFileSync(file, 'utf8')))
})

test.each<[string, Failover, string]>([
  ['of a program that is not there', withHook({ command: ['/nowhere/promote'] }), 'spawn /nowhere/promote ENOENT'],
  ['without a program', withHook({ command: [] }), 'cannot be empty'],
  ['that is not configured', failoverOf(), 'not configured'],
])('a hook %s has failed, and it says why', async (_, failover, why) => {
  expect(await runHook(failover, call)).toEqual({ kind: 'hookFailed', why: expect.stringContaining(why) })
})
