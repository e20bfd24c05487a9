import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { enableLinearRegex } from '../run/linear-regex.ts'
import { check } from './check.ts'
import { cost } from './cost.ts'
import { addFailoverCommands } from './failover-commands.ts'
import { addHistoryCommands } from './history-commands.ts'
import { addNotifyCommands } from './notify-commands.ts'
import { configOption, each, socketOption } from './options.ts'
import { processOutput } from './output.ts'
import { plan } from './plan.ts'
import { userErrorText } from './user-error.ts'
import { validate } from './validate.ts'
import { version } from './version.ts'

/** The command line: gives the exit code. 2 is a config or usage error, always with what to do on standard error. */
export async function main(argv: readonly string[]): Promise<number> {
  enableLinearRegex()
  const output = processOutput()
  let code = 0
  const program = build((exitCode) => {
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

function wholeDays(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= 400) return days
  throw new InvalidArgumentError('expected a whole number of days from 1 to 400')
}

function port(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number
  throw new InvalidArgumentError('expected a port from 1 to 65535')
}

function build(finish: (code: number) => void): Command {
  const output = processOutput()
  const program = new Command('vedette')
    .description('Watches services from outside, and says why they fail.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(vedette --help lists what there is)')

  program
    .command('check')
    .description('Run every monitor once, from here: exit 0 all up, 1 something down, 2 config or usage error.')
    .option(...configOption)
    .option('-m, --monitor <id>', 'run this monitor only (repeatable)', each)
    .option('--json', 'print { "results": […] } and nothing else')
    .option('--junit <file>', 'write a JUnit report too')
    .option('--strict', 'exit 1 for degraded and unknown as well')
    .action(async (options) => finish(await check(options, output)))

  program
    .command('run')
    .description('Keep running every monitor, with history and a live view. SIGTERM or Ctrl-C ends it.')
    .option(...configOption)
    .option('--demo', 'watch a small shop that is brought up beside it, instead of a config')
    .option(
      '--route53',
      'move records in Route 53, with the credentials of the environment, not in zones of this machine',
    )
    .option(
      '--zone-port <port>',
      'where the first zone of this machine is served (default: 4455, or a free port)',
      port,
    )
    .option(...socketOption)
    .option('--history <file>', 'where results are kept (default: .vedette/history.db)')
    .option('--retention-days <days>', 'how long single results are kept', wholeDays, 30)
    .option('--view <view>', 'live (terminal), json (log lines), or auto', 'auto')
    .option('--verbose', 'log every result, not only failures and changes')
    .option('--listen <host:port>', 'where the dashboard is (default: 127.0.0.1:4400, or the next free port)')
    .option('--token <token>', 'what its readers must know (default: $VEDETTE_TOKEN); needed beyond this machine')
    .option('--no-dashboard', 'serve none')
    .action(async (options) => {
      // The engine is loaded by those who run it, so that a check starts at once.
      const { run } = await import('./run.ts')
      finish(await run(options, output))
    })

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

  addFailoverCommands(program, finish)
  addNotifyCommands(program, finish)
  addHistoryCommands(program, finish)

  program
    .command('validate')
    .description('Check a config and print every problem at once: exit 0 or 2.')
    .option(...configOption)
    .option('--json', 'print { "valid", "problems": […], "warnings": […] } and nothing else')
    .action(async (options) => finish(await validate(options, output)))

  return program
}
