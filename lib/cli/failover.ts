import type { DrillOutcome } from '../decide/drill.ts'
import type { Verdict } from '../decide/failover-facts.ts'
import { reasonText } from '../decide/failover-reasons.ts'
import { type Decided, whyNotMoved } from '../decide/swap-outcome.ts'
import type { FailoverStatus } from '../run/failover-status.ts'
import {
  type Answered,
  askAll,
  askFirst,
  type ControllerLine,
  type ControllerOptions,
  controllersOf,
} from './controllers.ts'
import { drillLines } from './drill.ts'
import { type Elsewhere, elsewhereLine, failoverLines } from './failover-view.ts'
import { loadConfig } from './load-config.ts'
import type { Output } from './output.ts'
import { UsageError } from './usage-error.ts'

export interface FailoverOptions extends ControllerOptions {
  json?: boolean
}

/**
 * `vedette failover status`: every failover as the first controller that can be reached sees it, and where another stands
 * elsewhere, as a lock of its own or a state of its own (`switch: 'health-check'`) lets it: exit 0, or 1 where one is locked or
 * latched anywhere, its active endpoint is down, or a controller does not answer.
 */
export async function failoverStatus(options: FailoverOptions, output: Output): Promise<number> {
  const lines = await controllersOf(options)
  const answers = await askAll<FailoverStatus[]>(lines, { do: 'status' })
  const all = firstAnswer(answers)
  const silent = answers.flatMap((one) => ('problem' in one ? [one.problem] : []))
  const elsewhere = answers.flatMap((one) => ('answer' in one ? differing(one.answer, all, one.where) : []))
  if (options.json) output.out(JSON.stringify({ failovers: all, ...(options.aws && { unreached: silent, elsewhere }) }))
  else output.out([...failoverLines(all, Date.now()), ...elsewhere.map(elsewhereLine)].join('\n'))
  for (const problem of silent) output.err(problem)
  const isFine = answers.every((one) => 'answer' in one && !one.answer.some(isInTrouble))
  return isFine ? 0 : 1
}

/** The failovers that stand otherwise at one controller than at another. */
function differing(failovers: readonly FailoverStatus[], from: readonly FailoverStatus[], where: string): Elsewhere[] {
  return failovers.flatMap((failover) => {
    const one = standingOf(failover, where)
    const other = from.find(({ id }) => id === failover.id)
    return other && JSON.stringify(standingOf(other, where)) !== JSON.stringify(one) ? [one] : []
  })
}

function standingOf({ id, record, locked, latched, endpoints }: FailoverStatus, where: string): Elsewhere {
  const active = endpoints.find((endpoint) => endpoint.active)?.id
  return { where, id, record, locked, latched: latched === true, ...(active !== undefined && { active }) }
}

function firstAnswer<Answer>(answers: readonly Answered<Answer>[]): Answer {
  const answered = answers.find((one) => 'answer' in one)
  if (answered) return answered.answer
  throw new UsageError(answers.flatMap((one) => ('problem' in one ? [one.problem] : [])).join('\n'))
}

function isInTrouble({ locked, latched, endpoints }: FailoverStatus): boolean {
  const active = endpoints.find((endpoint) => endpoint.active)
  return locked || latched === true || active === undefined || active.down.length > active.up.length
}

/** `vedette failover to ENDPOINT`: decides anew towards that endpoint: exit 0 moved (or would, in a dry run), 1 refused, or decided and not made, with the reasons. */
export async function failoverTo(
  endpoint: string,
  options: FailoverOptions & { failover?: string; approve?: boolean; dryRun?: boolean; reason?: string },
  output: Output,
): Promise<number> {
  const lines = await controllersOf(options)
  const failover = await chosen(options, lines)
  const { approve: approval = false, dryRun = false, reason } = options
  const asked = { do: 'to', failover, endpoint, approval, dryRun, ...(reason && { reason }) } as const
  const answers = (await isKeptByEach(failover, options))
    ? await askAll<Decided>(lines, asked)
    : [{ where: '', answer: await askFirst<Decided>(lines, asked) }]
  const decisions = answers.flatMap((one) => ('answer' in one ? [one.answer] : []))
  const [first] = decisions
  if (!first) throw new UsageError(answers.flatMap((one) => ('problem' in one ? [one.problem] : [])).join('\n'))
  if (options.json) output.out(JSON.stringify(answers.length > 1 ? { ...first, controllers: answers } : first))
  else if (dryRun) output.out('dry run: nothing is moved')
  for (const one of answers) {
    if ('problem' in one) output.err(`not in ${one.where}: ${one.problem}`)
    else if (!options.json) for (const line of decisionLines(one.answer, one.where)) output.out(line)
  }
  return decisions.length === answers.length && decisions.every(isMove) ? 0 : 1
}

/** Whether each controller has a state of its own: then what a person does to it is done in all of them. */
async function isKeptByEach(failover: string, { aws, config }: FailoverOptions): Promise<boolean> {
  if (!aws) return false
  const { failovers } = await loadConfig(config)
  return failovers.some((one) => one.id === failover && one.switch === 'health-check')
}

/** Whether a decision is to move, and was carried out where it was to be. */
function isMove({ kind, outcome }: Decided): boolean {
  return kind === 'move' && (outcome === undefined || whyNotMoved(outcome) === undefined)
}

/**
 * `vedette failover lock`, `unlock` and `adopt`: exit 0 when it is done, 1 where only some controllers have done it. Each
 * controller keeps a lock of its own; a record is adopted once, and a state of their own by all of them.
 */
export async function failoverDo(
  what: keyof typeof doneTexts,
  options: FailoverOptions & { failover?: string },
  output: Output,
): Promise<number> {
  const lines = await controllersOf(options)
  const failover = await chosen(options, lines)
  const asked = { do: what, failover }
  const isOnce = what === 'adopt' && !(await isKeptByEach(failover, options))
  const answers = isOnce ? [{ where: '', answer: await askFirst(lines, asked) }] : await askAll(lines, asked)
  const failed = answers.filter((one) => 'problem' in one)
  if (failed.length === answers.length) firstAnswer(failed)
  output.out(options.json ? JSON.stringify({ failover, done: what, failed }) : `${failover} is ${doneTexts[what]}`)
  for (const { where, problem } of failed) output.err(`not in ${where}: ${problem}`)
  return failed.length > 0 ? 1 : 0
}

const doneTexts = { lock: 'locked: nothing moves it', unlock: 'unlocked', adopt: 'adopted as it stands' }

/** `vedette drill`: moves the drill's name, never the record, and says who saw it when: exit 0 passed, 1 otherwise. */
export async function failoverDrill(
  failover: string | undefined,
  options: FailoverOptions,
  output: Output,
): Promise<number> {
  const lines = await controllersOf(options)
  const id = await chosen({ ...options, ...(failover !== undefined && { failover }) }, lines)
  output.progress(`drilling ${id}: this takes a minute or more …`)
  const outcome = await askFirst<DrillOutcome>(lines, { do: 'drill', failover: id })
  output.progress('')
  output.out(options.json ? JSON.stringify(outcome) : drillLines(outcome).join('\n'))
  if (outcome.outcome !== 'passed') return 1
  // Each controller counts the days since the last drill by its own table.
  const noted = lines.length > 1 ? await askAll(lines, { do: 'drilled', failover: id, atMs: outcome.atMs }) : []
  for (const one of noted)
    if ('problem' in one) output.err(`it passed, which is not noted in ${one.where}: ${one.problem}`)
  return 0
}

function decisionLines(decision: Decided, where: string): string[] {
  const verdict = verdictOf(decision)
  const head = decision.kind === 'report' ? `in mode ${decision.mode} it would ${verdict.kind}` : verdict.kind
  const to = 'to' in verdict && verdict.to ? ` to ${verdict.to}` : ''
  const lacking = decision.outcome && whyNotMoved(decision.outcome)
  return [
    `${where ? `${where}: ` : ''}${head}${to}`,
    ...(lacking === undefined ? [] : [`  NOT MOVED: ${lacking}`]),
    ...decision.reasons.map((reason) => `  ${reasonText(reason)}`),
  ]
}

function verdictOf(decision: Decided): Verdict {
  return decision.kind === 'report' ? decision.would : decision
}

/** The failover that is meant; it need not be named where there is only one. */
async function chosen(
  options: FailoverOptions & { failover?: string },
  lines: readonly ControllerLine[],
): Promise<string> {
  if (options.failover !== undefined) return options.failover
  // In AWS the config knows: who locks in an emergency depends on no controller's answer, and waits for none.
  const all = options.aws
    ? (await loadConfig(options.config)).failovers
    : await askFirst<FailoverStatus[]>(lines, { do: 'status' })
  const [only] = all
  if (all.length === 1 && only) return only.id
  throw new UsageError(`name one of ${all.map(({ id }) => id).join(', ')} with --failover`)
}
