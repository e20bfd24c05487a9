#!/usr/bin/env node
// The command line for whatever Node a machine has: plain JavaScript, as older ones cannot read what it starts.
import { spawn } from 'node:child_process'
import module, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const main = new URL('vedette.ts', import.meta.url)
const [major, minor] = process.versions.node.split('.').map(Number)

if (!isInstalled('commander')) {
  const folder = fileURLToPath(new URL('..', import.meta.url))
  process.stderr.write(`vedette: what it needs is not installed yet: run "npm ci" in ${folder}\n`)
  process.exitCode = 2
} else if (major > 24 || (major === 24 && minor >= 9)) {
  // What was compiled once is not compiled again: half of what it takes to start.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/vedette', import.meta.url)))
  await import(main.href)
} else {
  // npm ci brought the Node that Vedette runs on.
  const node = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], {
    // Through the channel it learns of our end, should we be killed: else it would hold the history, and no restart be let in.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // A terminal sends Ctrl-C to both, others to this one alone; how it ends is the child's to say.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  child.on('error', (error) => {
    process.stderr.write(`vedette: expected Node 24.9 or later in ${node}, got ${error.message}: run "npm ci"\n`)
    process.exitCode = 2
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
}

function isInstalled(file) {
  try {
    require.resolve(file)
    return true
  } catch {
    return false
  }
}
