import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Demo } from '../../lib/local/demo.ts'
import { tempFile, vedette } from '../support/cli.ts'
import { startOwnDemo } from '../support/demo.ts'

let demo: Demo
beforeAll(async () => {
  demo = await startOwnDemo()
})
afterAll(() => demo.stop())

test('vedette check sees the demo shop whole, broken, and mended, with the cause', async () => {
  const file = tempFile('demo.json', JSON.stringify(demo.config))
  const check = () => vedette(['check', '--json', '-c', file])
  expect(await check()).toMatchObject({ code: 0, stderr: '' })

  await demo.setBroken('tls', true)
  const { code, stdout } = await check()
  expect(code).toBe(1)
  const { results } = JSON.parse(stdout)
  const failed = results.filter(({ status }: { status: string }) => status === 'down')
  expect(failed.map(({ monitor }: { monitor: string }) => monitor)).toEqual(['shop-checkout', 'shop-certificate'])
  for (const result of failed) {
    expect(result).toMatchObject({
      failure: { code: 'TLS_EXPIRED' },
      observed: { certificate: { sans: expect.any(Array) } },
    })
  }

  await demo.setBroken('tls', false)
  expect((await check()).code).toBe(0)
})

test.each(['vedette.config.ts', 'test/support/demo.json'])('the config that ships is right: %s', async (file) => {
  const root = path.resolve(import.meta.dirname, '../..')
  expect(await vedette(['validate', '-c', file], { cwd: root })).toMatchObject({ code: 0 })
})
