import type { ApiError } from '../api/routes.ts'

const timeoutMs = 20_000

/** Something could not be loaded; the message says what to do. */
export class LoadError extends Error {
  /** The answer's status; absent where there was none. */
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
}

/** Puts ids into a route: `path('/api/monitors/:id', 'api')`. */
export function path(route: string, id = '', query: Record<string, string | number | undefined> = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  const text = search.size > 0 ? `?${search}` : ''
  return route.replace(':id', encodeURIComponent(id)) + text
}

/** Asks the API. Throws `LoadError`, or an abort's own error. */
export async function load<T>(url: string, signal?: AbortSignal): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs)
  const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, deadline]) : deadline }).catch(
    (error) => {
      if (signal?.aborted) throw error
      throw new LoadError('Vedette does not answer: is it running?')
    },
  )
  if (response.ok) return (await response.json()) as T
  if (response.status === 401) location.assign(`/login?to=${encodeURIComponent(location.pathname + location.search)}`)
  const answer = (await response.json().catch(() => undefined)) as ApiError | undefined
  throw new LoadError(answer?.error ?? `expected an answer, got status ${response.status}`, response.status)
}
