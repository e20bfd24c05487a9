#!/usr/bin/env node
import { main } from '../lib/cli/main.ts'

// Until it is known: should the process run out of work first, as with a promise in a config that never settles, it failed.
process.exitCode = 2
let isDone = false
// Not 'exit': who ends the process has said why.
process.once('beforeExit', () => {
  if (!isDone)
    process.stderr.write('vedette: ended before it was done: does the config wait for something that never comes?\n')
})
// Whoever killed the launcher (vedette.js) meant this: 128 + SIGKILL.
process.once('disconnect', () => process.exit(137))
process.channel?.unref()
main(process.argv.slice(2)).then(
  (code) => {
    isDone = true
    process.exitCode = code
  },
  (error) => {
    isDone = true
    throw error
  },
)
