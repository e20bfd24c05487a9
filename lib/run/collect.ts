import type { AskVantage } from '../act/ports.ts'
import { type AnswerTo, type Question, questionLimitMs } from '../decide/probe-now.ts'
import type { Ballot } from '../decide/quorum.ts'
import type { Failover } from '../model/failover.ts'
import type { Monitor } from '../model/monitor.ts'

/** What all vantages said of the endpoints of a failover, and why they see down what they see down. */
export interface Collected {
  ballots: ReadonlyMap<string, Ballot>
  /** By vantage, then by monitor. */
  causes: ReadonlyMap<string, Record<string, string>>
}

/** Asks every vantage about every endpoint, now, under one deadline. Who does not answer in time has no ballot. Never rejects. */
export async function collectVotes(
  failover: Failover,
  vantages: readonly string[],
  monitors: readonly Pick<Monitor, 'id' | 'timeoutMs'>[],
  ask: AskVantage,
): Promise<Collected> {
  const question = { ask: 'votes', failover: failover.id } as const
  const limitMs = questionLimitMs(question, failover, monitors)
  const answers = await askAll({ vantages, ask }, question, limitMs)
  const heard = answers.flatMap(([id, answer]) => (answer ? [[id, answer] as const] : []))
  return {
    ballots: new Map(heard.map(([id, { ballot }]) => [id, ballot])),
    causes: new Map(heard.map(([id, { causes }]) => [id, causes])),
  }
}

/** Asks every vantage the same, at once: what each answered within the limit, by its id. Never rejects. */
export function askAll<Q extends Question>(
  { vantages, ask }: { vantages: readonly string[]; ask: AskVantage },
  question: Q,
  limitMs: number,
): Promise<[string, AnswerTo<Q> | undefined][]> {
  return Promise.all(vantages.map(async (vantage) => [vantage, await ask(vantage, question, limitMs)]))
}
