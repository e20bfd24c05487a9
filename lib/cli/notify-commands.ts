import { type AddCommands, configOption, historyOption } from './options.ts'

/** `vedette notify …`: proves that people can be reached, and notes what people change. */
export const addNotifyCommands: AddCommands = (program, output, finish) => {
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
