import { type AddCommands, configOption, each, historyOption, socketOption } from './options.ts'

const demoOption = ['--demo', 'of the demo of npm start (default where nothing else has run in this folder)'] as const

/** `vedette status | budget | latency | timeline`: what people ask of a history, also while it is written. */
export const addHistoryCommands: AddCommands = (...to) => {
  addStatus(...to)
  addBudget(...to)
  addLatency(...to)
  addTimeline(...to)
}

const addStatus: AddCommands = (program, output, finish) => {
  program
    .command('status')
    .description(
      'One screen: what is down, degraded, slow, burning, muted, locked or silent. Exit 1 where something needs a person.',
    )
    .option(...configOption)
    .option(...historyOption)
    .option(...demoOption)
    .option(...socketOption)
    .option('--aws', 'by the alarms and controllers in AWS, with the credentials of the environment')
    .option('--json', 'print it all as JSON and nothing else')
    .action(async (options) => {
      const { status } = await import('./status.ts')
      finish(await status(options, output))
    })
}

const addBudget: AddCommands = (program, output, finish) => {
  program
    .command('budget')
    .description('Error budgets: what is left, how fast it burns, and whether a change may stay. Exit 1: roll back.')
    .option(...configOption)
    .option(...historyOption)
    .option(...demoOption)
    .option('-m, --monitor <id>', 'this monitor only, in detail (repeatable)', each)
    .option('--since <time>', 'judge what came after a deployment: "10m" ago, or a time in UTC; at most 3 days ago')
    .option('--strict', 'exit 1 for "watch closely" as well')
    .option('--aws', 'by the votes in AWS, with the credentials of the environment')
    .option('--json', 'print { "decision", "budgets": […] } and nothing else')
    .action(async (options) => {
      const { budget } = await import('./budget.ts')
      finish(await budget(options, output))
    })
}

const addLatency: AddCommands = (program, output, finish) => {
  program
    .command('latency')
    .description('How long runs take: percentiles, the tail against the median, and whether they are two groups.')
    .option(...configOption)
    .option(...historyOption)
    .option(...demoOption)
    .option('-m, --monitor <id>', 'this monitor only (repeatable)', each)
    .option('--since <time>', 'from when on: "24h" ago (the default), or a time in UTC')
    .option('--json', 'print { "monitors": […] } and nothing else')
    .action(async (options) => {
      const { latency } = await import('./latency.ts')
      finish(await latency(options, output))
    })
}

const addTimeline: AddCommands = (program, output, finish) => {
  program
    .command('timeline')
    .description('Everything that happened between two times, as Markdown for a post-mortem.')
    .option(...historyOption)
    .option(...demoOption)
    .option('--from <time>', 'from when on: "24h" ago (the default), or a time in UTC')
    .option('--to <time>', 'until when (default: now)')
    .option('-m, --monitor <id>', 'this monitor only, beside what is about all (repeatable)', each)
    .option('--aws', 'from alarms and logs in AWS, with the credentials of the environment; needs a config')
    .option(...configOption)
    .option('--json', 'print { "fromMs", "toMs", "entries", "outages" } and nothing else')
    .action(async (options) => {
      const { timeline } = await import('./timeline.ts')
      finish(await timeline(options, output))
    })
}
