import type { Command } from 'commander'
import { defaultSocket, failoverDo, failoverPlan, failoverStatus, failoverTo } from './failover.ts'
import { processOutput } from './output.ts'

const socketOption = ['--socket <file>', `where the engine listens (default: ${defaultSocket})`] as const
const failoverOption = ['-f, --failover <id>', 'which failover, where there are several'] as const

/** `vedette failover …`: what people ask of failovers. */
export function addFailoverCommands(program: Command, finish: (code: number) => void): void {
  const output = processOutput()
  const failover = program.command('failover').description('Look at failovers, move, lock or adopt their records.')

  failover
    .command('plan')
    .description('Show what each failover of a config would do and need.')
    .option('-c, --config <file>', 'the config (default: vedette.config.ts, then vedette.config.json)')
    .option('--json', 'print { "failovers": […] } and nothing else')
    .action(async (options) => finish(await failoverPlan(options, output)))

  failover
    .command('status')
    .description('Show the failovers of the running engine: exit 1 where one is locked or its active endpoint is down.')
    .option(...socketOption)
    .option('--json', 'print { "failovers": […] } and nothing else')
    .action(async (options) => finish(await failoverStatus(options, output)))

  failover
    .command('to <endpoint>')
    .description('Decide anew towards this endpoint, and move if it is up by quorum: exit 0 moved, 1 refused.')
    .option(...failoverOption)
    .option('--dry-run', 'decide, and move nothing')
    .option('--reason <text>', 'why, for the log')
    .option(...socketOption)
    .option('--json', 'print the decision as JSON and nothing else')
    .action(async (endpoint, options) => finish(await failoverTo(endpoint, options, output)))

  failover
    .command('approve <endpoint>')
    .description('Approve a move that was asked for: it is decided anew, and made if it is still wanted.')
    .option(...failoverOption)
    .option(...socketOption)
    .option('--json', 'print the decision as JSON and nothing else')
    .action(async (endpoint, options) => finish(await failoverTo(endpoint, { ...options, approve: true }, output)))

  for (const [what, description] of [
    ['lock', 'Let nothing move it, in its TXT and in the engine.'],
    ['unlock', 'Let it move again; unlatches it too.'],
    ['adopt', 'Take its record over as it stands: write the first TXT, or one in place of a damaged one.'],
  ] as const)
    failover
      .command(what)
      .description(description)
      .option(...failoverOption)
      .option(...socketOption)
      .action(async (options) => finish(await failoverDo(what, options, output)))
}
