/** What came of one request. The text is the first part of the answer; `failed` names a code, never an address. */
export type Posted = { status: number; text: string; retryAfterMs?: number } | { failed: string }

/** Slack answers with the whole message, in which a letter beyond ASCII takes six characters or twelve. */
const longestAnswer = 65_536

/** How long an attempt may take. */
export interface Limit {
  timeoutMs: number
  signal?: AbortSignal
}

/** A limit as the signal that ends what outlives it. */
export function signalOf({ timeoutMs, signal }: Limit): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(Math.ceil(timeoutMs)), ...(signal ? [signal] : [])])
}

/**
 * Posts once. Never rejects, and never follows a redirect: what is sent holds keys. Errors are told by their code alone,
 * because Node's messages may name the address, which may be a secret.
 */
export async function post(url: string, body: string, headers: Record<string, string>, limit: Limit): Promise<Posted> {
  try {
    const response = await fetch(url, {
      ...{ method: 'POST', body, redirect: 'manual', signal: signalOf(limit) },
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    })
    const retryAfterMs = waitOf(response.headers.get('retry-after'), Date.now())
    const text = await firstPart(response)
    return { status: response.status, text, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  } catch (error) {
    return { failed: codeOf(error, limit) }
  }
}

/** Seconds, or a date (RFC 9110 §10.2.3). */
function waitOf(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

/** What there is of an answer: one that breaks off, or hangs, has given its status all the same. */
async function firstPart({ body }: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length >= longestAnswer) break
    }
  } catch {}
  return text.slice(0, longestAnswer)
}

function codeOf(error: unknown, { timeoutMs }: Limit): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string; name?: string; message?: string } }
  if (name === 'TimeoutError') return `no answer within ${Math.round(timeoutMs / 100) / 10} s`
  if (name === 'AbortError') return 'it was broken off'
  // fetch itself refuses some ports (https://fetch.spec.whatwg.org/#port-blocking).
  if (cause?.message === 'bad port') return 'this port cannot be posted to: fetch blocks it; use another'
  return cause?.code ?? cause?.name ?? 'no connection'
}
