import type { Command } from 'commander'
import { configOption, historyOption } from './options.ts'
import { processOutput } from './output.ts'

/** `vedette notify …`: proves that people can be reached, and notes what people change. */
export function addNotifyCommands(program: Command, finish: (code: number) => void): void {
  const output = processOutput()
  const notify = program.command('notify').description('Prove that people can be told, and note what was changed.')

  notify
    .command('test')
    .description('Open a test alert on every route and end it: exit 0 all reached, 1 one was not.')
    .option(...configOption)
    .option('--route <name>', 'page, ticket, or the name of a route (default: all)')
    .option('--json', 'print { "routes": […] } and nothing else')
    .action(async (options) => finish(await (await import('./notify.ts')).notifyTest(options, output)))

  notify
    .command('change <text>')
    .description('Note a deployment or another change: it stands in the alerts of the next hour, and in PagerDuty.')
    .option('--url <url>', 'where to read more')
    .option(...historyOption)
    .action(async (text, options) => finish(await (await import('./notify.ts')).notifyChange(text, options, output)))
}
