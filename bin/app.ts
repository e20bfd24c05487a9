import { synth } from '../lib/cli/synth.ts'

process.exitCode = await synth()
