import { InvalidArgumentError } from 'commander'
import { type AddCommands, configOption, socketOption } from './options.ts'

/** `vedette run`: the engine on this machine. */
export const addRunCommand: AddCommands = (program, output, finish) => {
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
