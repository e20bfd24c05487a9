import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { requirePython } from '../support/python.ts'
import { eventually } from './eventually.ts'

const script = `
const { startMinistack } = await import(${JSON.stringify(new URL('ministack.ts', import.meta.url).href)})
console.log((await startMinistack()).endpoint)
`

test.skipIf(!(await requirePython()))(
  'MiniStack ends when whoever started it is killed',
  { timeout: 300_000 },
  async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [endpoint] = await once(createInterface({ input: child.stdout }), 'line')
    const answers = () =>
      fetch(`${endpoint}/_ministack/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    expect(await answers()).toBe(true)
    child.kill('SIGKILL')
    await eventually('MiniStack to be gone', async () => ((await answers()) ? undefined : true), 120_000)
  },
)
