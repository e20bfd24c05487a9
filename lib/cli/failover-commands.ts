import type { Command } from 'commander'
import { failoverDo, failoverDrill, failoverStatus, failoverTo } from './failover.ts'
import { failoverPlan } from './failover-plan.ts'
import { configOption, socketOption } from './options.ts'
import { processOutput } from './output.ts'

const awsOption = [
  '--aws',
  'ask the controllers that the config names, with the credentials of the environment',
] as const
const failoverOption = ['-f, --failover <id>', 'which failover, where there are several'] as const

/** `vedette failover …`: what people ask of failovers. */
export function addFailoverCommands(program: Command, finish: (code: number) => void): void {
  const output = processOutput()
  const failover = program.command('failover').description('Look at failovers, move, lock or adopt their records.')

  failover
    .command('plan')
    .description(
      'Show what each failover of a config would do and need: exit 1 where --live finds what stands in the way.',
    )
    .option('--live', 'look at the records and zones in Route 53 too, with the credentials of the environment')
    .option(...configOption)
    .option('--json', 'print { "failovers": […] } and nothing else')
    .action(async (options) => finish(await failoverPlan(options, output)))

  failover
    .command('status')
    .description('Show failovers as they stand: exit 1 where one is locked or latched, or its active endpoint is down.')
    .option(...socketOption)
    .option(...awsOption)
    .option(...configOption)
    .option('--json', 'print { "failovers": […] } and nothing else')
    .action(async (options) => finish(await failoverStatus(options, output)))

  failover
    .command('to <endpoint>')
    .description('Decide anew towards this endpoint, and move if it is up by quorum: exit 0 moved, 1 not moved.')
    .option(...failoverOption)
    .option('--dry-run', 'decide, and move nothing')
    .option('--reason <text>', 'why, for the log')
    .option(...socketOption)
    .option(...awsOption)
    .option(...configOption)
    .option('--json', 'print the decision as JSON and nothing else')
    .action(async (endpoint, options) => finish(await failoverTo(endpoint, options, output)))

  failover
    .command('approve <endpoint>')
    .description('Approve a move that was asked for: it is decided anew, and made if it is still wanted.')
    .option(...failoverOption)
    .option(...socketOption)
    .option(...awsOption)
    .option(...configOption)
    .option('--json', 'print the decision as JSON and nothing else')
    .action(async (endpoint, options) => finish(await failoverTo(endpoint, { ...options, approve: true }, output)))

  for (const [what, description] of [
    ['lock', 'Let nothing move it, in its TXT and in every controller.'],
    ['unlock', 'Let it move again; unlatches it too.'],
    ['adopt', 'Take its record over as it stands: write the first TXT, or one in place of a damaged one.'],
  ] as const)
    failover
      .command(what)
      .description(description)
      .option(...failoverOption)
      .option(...socketOption)
      .option(...awsOption)
      .option(...configOption)
      .option('--json', 'print { "failover", "done", "failed": […] } and nothing else')
      .action(async (options) => finish(await failoverDo(what, options, output)))

  program
    .command('drill [failover]')
    .description(
      'Move the name _vedette-drill.RECORD to the standby and back, and measure who sees it when: exit 0 passed.',
    )
    .option(...socketOption)
    .option(...awsOption)
    .option(...configOption)
    .option('--json', 'print the outcome as JSON and nothing else')
    .action(async (id, options) => finish(await failoverDrill(id, options, output)))
}
