import type { Command } from 'commander'
import { parseDuration } from '../model/duration.ts'

/**
 * Ends a command that was given more arguments than it takes as a usage error, which says how to write what was meant: most
 * often it is an id, a file or a time that an option takes.
 */
export function refuseExcess(command: Command): void {
  const { args, registeredArguments } = command
  const extra = args[registeredArguments.length]
  if (extra === undefined) return
  const names = registeredArguments.map((argument) => argument.name())
  const expected = names.length > 0 ? `nothing after <${names.join('> <')}>` : 'no arguments'
  command.error(`error: expected ${expected}, got ${JSON.stringify(extra)} (${hintFor(extra, names, command)})`, {
    code: 'commander.excessArguments',
  })
}

function hintFor(extra: string, names: readonly string[], command: Command): string {
  const written = (...words: string[]) => `write ${[pathOf(command), ...words.map(shellWord)].join(' ')}`
  if (names.at(-1) === 'text') return written(command.args.join(' '))
  const option = optionFor(extra, command)
  if (option) return written(...command.args.slice(0, names.length), option, extra)
  return `${pathOf(command)} --help lists its options`
}

/** The option of a command that takes a text like this one. */
function optionFor(text: string, { options }: Command): string | undefined {
  const fitting = /\.(ts|js|mjs|json)$/.test(text)
    ? ['--config']
    : parseDuration(text) !== undefined
      ? ['--since', '--from']
      : ['--failover', '--monitor', '--route']
  return options.find(({ long }) => fitting.includes(long ?? ''))?.long
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

/** A word as a shell takes it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
