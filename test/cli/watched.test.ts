import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openForWriting } from '../../lib/local/history-schema.ts'
import { HistoryStore } from '../../lib/local/history-store.ts'
import { vedette } from '../support/cli.ts'
import { minutes, temporaryFolder } from '../support/history.ts'

/** A folder in which these engines have kept what they saw: `demo.db`, `history.db`. */
function folderWith(...names: string[]): string {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, '.vedette'))
  for (const name of names) {
    const db = openForWriting(path.join(folder, '.vedette', name))
    new HistoryStore(db).append({ results: minutes('shop-home', Date.now() - 1_200_000, 20), transitions: [] })
    db.close()
  }
  return folder
}

const note = 'of the demo (npm start), as there is no .vedette/history.db\n'

test.each([
  ['status', 'demo-shop: NOT RUNNING'],
  ['budget', 'demo-shop: '],
  ['latency', 'shop-home'],
  ['timeline', '# Timeline'],
])('vedette %s, where only npm start has run, is about the demo, and says so', async (command, text) => {
  const { stdout, stderr } = await vedette([command], { cwd: folderWith('demo.db') })
  expect(stdout).toContain(text)
  expect(stderr).toBe(note)
})

test('a config in the environment is not of the demo, unless the demo is asked for', async () => {
  const [cwd, env] = [folderWith('demo.db'), { VEDETTE_CONFIG: 'own.json' }]
  expect((await vedette(['status'], { cwd, env })).stderr).toMatch(/no history|own\.json does not exist/)
  expect((await vedette(['status', '--demo'], { cwd, env })).stdout).toContain('demo-shop: NOT RUNNING')
})

test('where monitors of their own have run too, the demo is asked for', async () => {
  const cwd = folderWith('demo.db', 'history.db')
  expect((await vedette(['status'], { cwd })).stderr).toContain('vedette.config.ts does not exist')
  const { stdout, stderr } = await vedette(['status', '--demo'], { cwd })
  expect(stdout).toContain('demo-shop: NOT RUNNING')
  expect(stderr).toBe('')
})

test('a demo that has not run is said', async () => {
  const { code, stderr } = await vedette(['budget', '--demo'], { cwd: folderWith() })
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('start it with "npm start"') })
})
