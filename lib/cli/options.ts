import type { Command } from 'commander'
import type { Output } from './output.ts'

/** Adds commands to a program: where they write, and who is told the exit code of the one that ran. */
export type AddCommands = (program: Command, output: Output, finish: (code: number) => void) => void

/** Options that several commands have, each with its help. */
export const configOption = [
  '-c, --config <file>',
  'the config (default: $VEDETTE_CONFIG, else vedette.config.ts, then vedette.config.json)',
] as const

/** For options that may be given more than once: the values so far and one more. */
export const each = (value: string, values: string[] = []): string[] => [...values, value]

export const historyOption = ['--history <file>', 'what "vedette run" keeps (default: .vedette/history.db)'] as const

export const socketOption = ['--socket <file>', 'where the engine listens (default: .vedette/control.sock)'] as const
