import { Command, InvalidArgumentError } from 'commander'

/** The command line of a script: what is off on it ends the process with 2 and what to do, `--help` with 0. */
export function script(about: string): Command {
  return new Command()
    .usage('[options]')
    .description(about)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help lists what there is)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
}

/** Reads an option that is a whole number, `least` or more. */
export function whole(least = 1): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number
    throw new InvalidArgumentError(`expected a whole number from ${least} on`)
  }
}
