import type { Survey } from './dns-survey.ts'
import { ProbeFailure } from './probe.ts'

/** Longest list of answers in a message; the observation has them all. */
const shownAnswers = 5

/** DNS_DISAGREE where servers differ in rcode or in their answers, whatever their order. */
export function compareAnswers(surveys: Survey[]): ProbeFailure | undefined {
  return disagreement('the servers give different answers', surveys, ({ observed }) => {
    const answers = [...(observed.answers ?? [])].sort()
    const more = answers.length > shownAnswers ? ` and ${answers.length - shownAnswers} more` : ''
    const shown = answers.slice(0, shownAnswers).join(', ') + more
    return { value: JSON.stringify([observed.rcode, answers]), words: shown || `${observed.rcode} with no records` }
  })
}

/** DNS_DISAGREE where the zone's own name servers have different serials: a transfer that has not happened. */
export function compareSerials(surveys: Survey[]): ProbeFailure | undefined {
  const own = surveys.filter((seen) => seen.isAuthoritative)
  return disagreement('the name servers have different serials', own, ({ observed }) => {
    const serial = String(observed.serial ?? 'no serial')
    return { value: serial, words: serial }
  })
}

function disagreement(
  what: string,
  surveys: Survey[],
  view: (seen: Survey) => { value: string; words: string },
): ProbeFailure | undefined {
  const groups = new Map<string, { words: string; servers: string[] }>()
  for (const seen of surveys) {
    const { value, words } = view(seen)
    const group = groups.get(value) ?? { words, servers: [] }
    group.servers.push(seen.observed.server)
    groups.set(value, group)
  }
  if (groups.size < 2) return undefined
  const said = [...groups.values()].map(({ words, servers }) => `${words} from ${servers.join(', ')}`)
  return new ProbeFailure('DNS_DISAGREE', 'processing', `${what}: ${said.join('; ')}`)
}
