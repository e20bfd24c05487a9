/**
 * What is known of a call that failed: `refused`, it did not happen and may be made again; `invalid`, it never will;
 * `unknown`, it may have happened.
 */
export type Outcome = 'refused' | 'invalid' | 'unknown'

/** Errors of a connection that never came to be. */
const unconnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'])

/** Servers that say they could not take it; all others above 500 do not know what became of it. */
const busy = new Set([429, 503])

/** Refusals that have nothing to do with what was sent: they may end. */
const passing =
  /throttl|limitexceeded|slowdown|toomanyrequests|accessdenied|expiredtoken|invalidclienttoken|unrecognizedclient|signature|requestexpired|optin|unavailable|credential/i

/** What the SDK says of its own limit for connecting, which has no code. */
const notConnected = /did not establish a connection/

interface SdkError {
  name?: string
  message?: string
  code?: string
  errors?: { code?: string }[]
  $metadata?: { httpStatusCode?: number }
}

/** Judges an error of an AWS SDK client that makes one attempt. */
export function outcomeOf(error: unknown): Outcome {
  const { name = '', message = '', code = '', errors = [], $metadata } = (error ?? {}) as SdkError
  const status = $metadata?.httpStatusCode
  if (status !== undefined) {
    if (busy.has(status) || passing.test(name)) return 'refused'
    return status >= 500 ? 'unknown' : 'invalid'
  }
  // A name with several addresses fails with all their errors at once.
  const codes = [code, ...errors.map((one) => one.code ?? '')].filter((one) => one !== '')
  if (codes.length > 0 && codes.every((one) => unconnected.has(one))) return 'refused'
  const neverSent = name === 'CredentialsProviderError' || notConnected.test(message)
  return neverSent ? 'refused' : 'unknown'
}
