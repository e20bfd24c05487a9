import { age } from '../model/duration.ts'
import { percentText, timesText } from '../model/figures.ts'
import {
  badShare,
  burnOf,
  isEnough,
  isKnown,
  leastBad,
  leastVotes,
  overText,
  type Pace,
  type Pair,
  type PairState,
  type Slo,
  type Votes,
  votesDue,
} from './budget.ts'
import type { Account } from './budget-account.ts'

/** From the worst to the best. */
export const decisions = ['roll back', 'watch closely', 'keep'] as const
export type BudgetDecision = (typeof decisions)[number]

/** One thing that a decision rests on. */
export type BudgetReason =
  | {
      code: 'burning'
      pair: Pair['id']
      severity: Pair['severity']
      burnRate: number
      longMs: number
      shortMs: number
      longBurn: number
      shortBurn: number
      /** How much of the long window was seen. */
      seenMs: number
    }
  /** The long window is still over its rate, the short one no longer. */
  | { code: 'easing'; pair: Pair['id']; longMs: number; longBurn: number; seenMs: number }
  | { code: 'since'; sinceMs: number; burn: number; bad: number; votes: number }
  | { code: 'since-too-few'; sinceMs: number; votes: number }
  | { code: 'overdrawn'; left: number; stillBurning: boolean }
  | { code: 'little-left'; left: number }
  | { code: 'ends-soon'; inMs: number; over: '1h' | '1d' }
  | { code: 'too-few-votes'; votes: number; over: '1h' | '1d' }
  | { code: 'within-budget'; left: number }

export interface BudgetFacts {
  slo: Slo
  pace: Pace
  account: Account
  pairs: readonly PairState[]
  /** Votes of the last hour and of the last day. */
  hour: Votes
  day: Votes
  /** Votes since a time, a deployment say, if one was given. */
  since?: { ms: number; forMs: number; votes: Votes }
  /** How many votes the last hour should have, since the monitor was there. */
  votesPerHour: number
}

export interface BudgetVerdict {
  decision: BudgetDecision
  /** The weightiest first. */
  reasons: BudgetReason[]
  /** When the budget is gone if it goes on like that, and over which time that rate was measured. */
  exhaustion?: { inMs: number; over: '1h' | '1d' }
}

const [hourMs, dayMs] = [3_600_000, 86_400_000]
/** Below these, a person should look before the next change. */
const littleLeft = 0.25
const soonMs = 3 * dayMs

/**
 * Whether a change may stay. Roll back: a page pair burns, what came after the change burns as fast, or the budget is overdrawn
 * and more is being spent. Watch closely: a slower burn, one that eases, little left, an end in sight, or too little seen to say.
 */
export function decideBudget(facts: BudgetFacts): BudgetVerdict {
  const { account } = facts
  const exhaustion = exhaustionOf(facts)
  const bad = [...burningPages(facts), ...sinceReasons(facts), ...overdrawn(facts)]
  const doubtful = [...slowBurns(facts), ...scarce(account, exhaustion), ...blindness(facts)]
  const rollBack = bad.filter(isBad)
  const watch = [...bad.filter((reason) => !isBad(reason)), ...doubtful]
  const fine: BudgetReason[] = [{ code: 'within-budget', left: account.left }]
  const decision = rollBack.length > 0 ? 'roll back' : watch.length > 0 ? 'watch closely' : 'keep'
  const reasons = [...rollBack, ...watch]
  return { decision, reasons: reasons.length > 0 ? reasons : fine, ...(exhaustion && { exhaustion }) }
}

/** Of the reasons that may call for a way back, those that do. */
function isBad(reason: BudgetReason): boolean {
  // A loose objective cannot burn that fast: nothing but failures is as bad as it gets.
  if (reason.code === 'since') return reason.burn > worstSinceBurn || reason.bad === reason.votes
  if (reason.code === 'overdrawn') return reason.stillBurning
  return reason.code === 'burning'
}

/** Since a change there is no long window yet: this rate is that of the fastest page, for the usual window of 30 days. */
const worstSinceBurn = 14.4

function burningPages({ pairs }: BudgetFacts): BudgetReason[] {
  return pairs.filter(({ isBurning, pair }) => isBurning && pair.severity === 'page').map(burning)
}

function burning({ pair, longBurn, shortBurn, seenMs }: PairState): BudgetReason {
  const { id, severity, burnRate, longMs, shortMs } = pair
  return { code: 'burning', pair: id, severity, burnRate, longMs, shortMs, longBurn, shortBurn, seenMs }
}

function sinceReasons({ since, slo, pace }: BudgetFacts): BudgetReason[] {
  if (!since) return []
  const { good, bad } = since.votes
  if (good + bad < leastVotes) return [{ code: 'since-too-few', sinceMs: since.ms, votes: good + bad }]
  const burn = burnOf(since.votes, slo, votesDue(since.forMs, pace))
  return bad < leastBad || burn <= 1 ? [] : [{ code: 'since', sinceMs: since.ms, burn, bad, votes: good + bad }]
}

function overdrawn({ account: { left }, slo, hour, pace }: BudgetFacts): BudgetReason[] {
  const stillBurning = isEnough(hour) && burnOf(hour, slo, votesDue(hourMs, pace)) > 1
  return left > 0 ? [] : [{ code: 'overdrawn', left, stillBurning }]
}

function slowBurns({ pairs, pace }: BudgetFacts): BudgetReason[] {
  return pairs.flatMap((state): BudgetReason[] => {
    const { pair, long, longBurn, seenMs, isBurning } = state
    const { id, longMs } = pair
    if (isBurning) return pair.severity === 'ticket' ? [burning(state)] : []
    const isOver = pair.severity === 'page' && isEnough(long) && badShare(long, votesDue(longMs, pace)) > pair.limit
    return isOver ? [{ code: 'easing', pair: id, longMs, longBurn, seenMs }] : []
  })
}

function scarce({ left }: Account, exhaustion: BudgetVerdict['exhaustion']): BudgetReason[] {
  const little: BudgetReason[] = left > 0 && left < littleLeft ? [{ code: 'little-left', left }] : []
  const soon: BudgetReason[] =
    exhaustion && exhaustion.inMs < soonMs && left > 0 ? [{ code: 'ends-soon', ...exhaustion }] : []
  return [...little, ...soon]
}

/** Half of what should have been seen lately, or more, is missing, or nothing was ever seen: nobody knows. */
function blindness({ account, hour, day, votesPerHour }: BudgetFacts): BudgetReason[] {
  const [over, lately, expected] =
    votesPerHour < leastVotes ? (['1d', day, 24 * votesPerHour] as const) : (['1h', hour, votesPerHour] as const)
  const votes = lately.good + lately.bad
  const isBlind = account.uptime === undefined || (expected >= leastVotes && !isKnown(lately, expected))
  return isBlind ? [{ code: 'too-few-votes', votes, over }] : []
}

/**
 * At the rate of the last hour, or where that was calm of the last day. Nothing of a time that was hardly seen, nor of a rate
 * that never uses the budget up: what is spent comes back after the objective's window.
 */
function exhaustionOf({ account, slo, hour, day, pace }: BudgetFacts): BudgetVerdict['exhaustion'] {
  const rates = [
    { over: '1h' as const, votes: hour, due: votesDue(hourMs, pace) },
    { over: '1d' as const, votes: day, due: votesDue(dayMs, pace) },
  ]
  const rate = rates.find(({ votes, due }) => isEnough(votes) && isKnown(votes, due) && burnOf(votes, slo, due) > 1)
  if (!rate) return undefined
  return { inMs: Math.max(0, account.leftMs) / badShare(rate.votes, rate.due), over: rate.over }
}

/** A reason in a sentence. */
export function budgetReasonText(reason: BudgetReason): string {
  switch (reason.code) {
    case 'burning': {
      const { longBurn, longMs, seenMs, shortBurn, shortMs } = reason
      const rates = `${overText(longBurn, longMs, seenMs)} and ${overText(shortBurn, shortMs)}`
      return `the ${reason.pair} pair burns: ${rates}, where ${timesText(reason.burnRate)} is a ${reason.severity}`
    }
    case 'easing':
      return `${overText(reason.longBurn, reason.longMs, reason.seenMs)}, but it has stopped or eased since`
    case 'since':
      return `since then ${reason.bad} of ${reason.votes} votes were bad: ${timesText(reason.burn)}`
    case 'since-too-few':
      return `only ${reason.votes} votes since then: wait for ${leastVotes}`
    case 'overdrawn':
      return `the budget is overdrawn (${percent(reason.left)} left)${reason.stillBurning ? ' and goes on burning' : ''}: change nothing that can wait`
    case 'little-left':
      return `${percent(reason.left)} of the budget is left`
    case 'ends-soon':
      return `at the rate of the last ${reason.over} the budget is gone in ${age(reason.inMs)}`
    case 'too-few-votes':
      return `only ${reason.votes} votes in the last ${reason.over}: less than half of what a whole ${reason.over} has`
    case 'within-budget':
      return `${percent(reason.left)} of the budget is left and nothing burns`
  }
}

function percent(share: number): string {
  return percentText(share, 1)
}
