import { Command, CommanderError } from 'commander'
import { enableLinearRegex } from '../run/linear-regex.ts'
import { check } from './check.ts'
import { cost } from './cost.ts'
import { refuseExcess } from './excess-arguments.ts'
import { addFailoverCommands } from './failover-commands.ts'
import { addHistoryCommands } from './history-commands.ts'
import { addNotifyCommands } from './notify-commands.ts'
import { configOption, each } from './options.ts'
import { type Output, processOutput } from './output.ts'
import { plan } from './plan.ts'
import { addRunCommand } from './run-command.ts'
import { userErrorText } from './user-error.ts'
import { validate } from './validate.ts'
import { version } from './version.ts'

/** The command line: gives the exit code. 2 is a config or usage error, always with what to do on standard error. */
export async function main(argv: readonly string[]): Promise<number> {
  enableLinearRegex()
  const output = processOutput()
  let code = 0
  const program = build(output, (exitCode) => {
    code = exitCode
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    output.progress('')
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const text = userErrorText(error)
    if (text === undefined) throw error
    output.err(text)
    return 2
  }
}

function build(output: Output, finish: (code: number) => void): Command {
  const program = new Command('vedette')
    .description('Watches services from outside, and says why they fail.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(vedette --help lists what there is)')
    .allowExcessArguments()
    .hook('preAction', (_, command) => refuseExcess(command))

  program
    .command('check')
    .description('Run every monitor once, from here: exit 0 all up, 1 something down, 2 config or usage error.')
    .option(...configOption)
    .option('-m, --monitor <id>', 'run this monitor only (repeatable)', each)
    .option('--json', 'print { "results": […] } and nothing else')
    .option('--junit <file>', 'write a JUnit report too')
    .option('--strict', 'exit 1 for degraded and unknown as well')
    .action(async (options) => finish(await check(options, output)))

  addRunCommand(program, output, finish)

  program
    .command('plan')
    .description('Show what will run where in AWS: vantage, shard, monitors, worst case, calls.')
    .option(...configOption)
    .option('--json', 'print { "shards": […] } and nothing else')
    .action(async (options) => finish(await plan(options, output)))

  program
    .command('cost')
    .description('Show the monthly bill in AWS, line by line, and what others would cost.')
    .option(...configOption)
    .option('--json', 'print the bill as JSON and nothing else')
    .action(async (options) => finish(await cost(options, output)))

  addFailoverCommands(program, output, finish)
  addNotifyCommands(program, output, finish)
  addHistoryCommands(program, output, finish)

  program
    .command('validate')
    .description('Check a config and print every problem at once: exit 0 or 2.')
    .option(...configOption)
    .option('--json', 'print { "valid", "problems": […], "warnings": […] } and nothing else')
    .action(async (options) => finish(await validate(options, output)))

  return program
}
