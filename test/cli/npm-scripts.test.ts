import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/history.ts'

const { scripts } = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8'))

/** Stands where a script expects its program: lives until it is told to end. */
const program = `
process.on('SIGTERM', () => { console.log('ended in order'); process.exit() })
setInterval(() => {}, 1000)
console.log('running')
`

// A shell that stays between the two ends alone: the program would go on, and hold its ports and its history.
test.each([
  ['start', 'bin/vedette.js'],
  ['sandbox', 'test/sandbox/run.ts'],
])('who ends npm run %s ends what it started', async (script, file) => {
  const folder = temporaryFolder()
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
  writeFileSync(path.join(folder, file), program)
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ scripts: { [script]: scripts[script] } }))
  const npm = spawn('npm', ['run', '--silent', script], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  npm.stdout.on('data', (chunk) => {
    printed += chunk
    if (`${chunk}`.includes('running')) npm.kill('SIGTERM')
  })
  // The pipe is closed when nobody is left who could write into it.
  await new Promise((resolve) => npm.once('close', resolve))
  expect(printed).toContain('ended in order')
})
