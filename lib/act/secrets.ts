import type { SecretRef } from '../model/monitor.ts'
import { readStored } from './stored-secrets.ts'

/** Reads one secret from where it is kept; rejects as the SDK does. */
export type FetchSecret = (ref: SecretRef) => Promise<string | undefined>

/** A rotated secret is seen within this time, or at once when a peer refuses the old one. */
const maxAgeMs = 5 * 60_000
/** Peers that refuse everything must not make a call for each refusal. */
const leastAgeMs = 30_000
/** A secret that cannot be read is asked for again after this, not by every monitor that uses it. */
const retryAfterMs = 10_000

interface Kept {
  value: Promise<string>
  readAtMs: number
  hasFailed: boolean
}

/**
 * A source of secrets that keeps each value for five minutes, in memory only. `isStale` says that a peer refused it: it is
 * read again. Rejects, naming the reference and never the value, where one cannot be read.
 */
export function createSecrets(fetch: FetchSecret, nowMs: () => number) {
  const kept = new Map<string, Kept>()
  return (ref: SecretRef, { isStale = false } = {}): Promise<string> => {
    const key = JSON.stringify(ref)
    const known = kept.get(key)
    if (known && nowMs() - known.readAtMs < lifeOf(known, isStale)) return known.value
    const fresh: Kept = { value: read(ref, fetch), readAtMs: nowMs(), hasFailed: false }
    kept.set(key, fresh)
    fresh.value.catch(() => {
      fresh.hasFailed = true
    })
    return fresh.value
  }
}

function lifeOf({ hasFailed }: Kept, isStale: boolean): number {
  if (hasFailed) return retryAfterMs
  return isStale ? leastAgeMs : maxAgeMs
}

async function read(ref: SecretRef, fetch: FetchSecret): Promise<string> {
  let value: string | undefined
  try {
    value = await fetch(ref)
  } catch (error) {
    const { name, message } = error as Error
    throw new Error(`the secret ${JSON.stringify(ref)} could not be read: ${name}: ${message}`, { cause: error })
  }
  if (value) return value
  throw new Error(
    'env' in ref
      ? `the environment variable ${ref.env} is not set, or empty`
      : `the secret ${JSON.stringify(ref)} holds no text: store one`,
  )
}

/** Reads from Secrets Manager, from Parameter Store in the function's own region, or from the environment. */
export function awsSecrets(): FetchSecret {
  return async (ref) => ('env' in ref ? process.env[ref.env] : readStored(ref))
}
