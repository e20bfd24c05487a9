import type { Command } from 'commander'
import { failoverDo, failoverDrill, failoverStatus, failoverTo } from './failover.ts'
import { failoverPlan } from './failover-plan.ts'
import { type AddCommands, configOption, socketOption } from './options.ts'

const awsOption = [
  '--aws',
  'ask the controllers that the config names, with the credentials of the environment',
] as const
const failoverOption = ['-f, --failover <id>', 'which failover, where there are several'] as const

/** `vedette failover …` and `vedette drill`: what people ask of failovers. */
export const addFailoverCommands: AddCommands = (program, output, finish) => {
  const failover = program.command('failover').description('Look at failovers, move, lock or adopt their records.')
  addLooks(failover, output, finish)
  addMoves(failover, output, finish)
  addChanges(failover, output, finish)
  asking(program.command('drill [failover]'))
    .description(
      'Move the name _vedette-drill.RECORD to the standby and back, and measure who sees it when: exit 0 passed.',
    )
    .option('--json', 'print the outcome as JSON and nothing else')
    .action(async (id, options) => finish(await failoverDrill(id, options, output)))
}

/** A command that asks controllers: with what says where they are. */
function asking(command: Command): Command {
  return command
    .option(...socketOption)
    .option(...awsOption)
    .option(...configOption)
}

const addLooks: AddCommands = (failover, output, finish) => {
  failover
    .command('plan')
    .description(
      'Show what each failover of a config would do and need: exit 1 where --live finds what stands in the way.',
    )
    .option('--live', 'look at the records and zones in Route 53 too, with the credentials of the environment')
    .option(...configOption)
    .option('--json', 'print { "failovers": […] } and nothing else')
    .action(async (options) => finish(await failoverPlan(options, output)))

  asking(failover.command('status'))
    .description('Show failovers as they stand: exit 1 where one is locked or latched, or its active endpoint is down.')
    .option('--json', 'print { "failovers": […] } and nothing else')
    .action(async (options) => finish(await failoverStatus(options, output)))
}

const addMoves: AddCommands = (failover, output, finish) => {
  const to = failover
    .command('to <endpoint>')
    .description('Decide anew towards this endpoint, and move if it is up by quorum: exit 0 moved, 1 not moved.')
    .option(...failoverOption)
    .option('--dry-run', 'decide, and move nothing')
    .option('--reason <text>', 'why, for the log')
  asking(to)
    .option('--json', 'print the decision as JSON and nothing else')
    .action(async (endpoint, options) => finish(await failoverTo(endpoint, options, output)))

  const approve = failover
    .command('approve <endpoint>')
    .description('Approve a move that was asked for: it is decided anew, and made if it is still wanted.')
    .option(...failoverOption)
  asking(approve)
    .option('--json', 'print the decision as JSON and nothing else')
    .action(async (endpoint, options) => finish(await failoverTo(endpoint, { ...options, approve: true }, output)))
}

const addChanges: AddCommands = (failover, output, finish) => {
  for (const [what, description] of [
    ['lock', 'Let nothing move it, in its TXT and in every controller.'],
    ['unlock', 'Let it move again; unlatches it too.'],
    ['adopt', 'Take its record over as it stands: write the first TXT, or one in place of a damaged one.'],
  ] as const)
    asking(failover.command(what).option(...failoverOption))
      .description(description)
      .option('--json', 'print { "failover", "done", "failed": […] } and nothing else')
      .action(async (options) => finish(await failoverDo(what, options, output)))
}
