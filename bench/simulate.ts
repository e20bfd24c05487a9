/*
 * Failover through virtual time: how often it moves when it should not, and does not when it should (docs/benchmarks.md).
 *
 *   npm run simulate -- [--seeds 1000] [--days 30]
 */

import { script, whole } from '../test/support/script.ts'
import { type Otherwise, simulateMany } from '../test/support/simulation.ts'
import { printTable } from './support/table.ts'

const values = script(
  'Failover through virtual time: how often it moves when it should not, and does not when it should.',
)
  .option('--seeds <n>', 'how many worlds', whole(), 1000)
  .option('--days <n>', 'days in each', whole(), 30)
  .parse()
  .opts<{ seeds: number; days: number }>()
const { seeds, days } = values
console.log(`${seeds} seeds × ${days} days: probes every minute, 3 to 10 vantages, loss up to 10 % an attempt\n`)

const worlds: [string, Otherwise][] = [
  ['as it is', {}],
  ['votes of a single attempt', { voteAttempts: 1 }],
  ['sustain 0 s', { failover: { sustain: '0s' } }],
  ['sustain 0 s, votes of a single attempt', { failover: { sustain: '0s' }, voteAttempts: 1 }],
]
printTable(
  ['', 'decisions', 'outages', 'moves', 'false', 'missed'],
  worlds.map(([what, otherwise]) => {
    const { decisions, due, moves, falseMoves, missedMoves } = simulateMany(seeds, days, otherwise)
    return [what, `${decisions}`, `${due}`, `${moves}`, `${falseMoves}`, `${missedMoves}`]
  }),
)
