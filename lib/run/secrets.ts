import type { HttpMonitor, Monitor, Secret, SecretRef } from '../model/monitor.ts'
import type { ProbeResult } from '../model/result.ts'

/** Reads a secret from where it is kept. Rejects with what to do where it cannot. */
export type SecretSource = (ref: SecretRef) => Promise<string>

/** Where secrets come from on a machine without AWS: the environment alone. */
export const environmentSecrets: SecretSource = async (ref) => {
  if (!('env' in ref))
    throw new Error(`the secret ${JSON.stringify(ref)} can only be read in AWS; use { "env": NAME } here`)
  const value = process.env[ref.env]
  if (value === undefined)
    throw new Error(`the environment variable ${ref.env} is not set; a monitor takes a secret from it`)
  return value
}

/** Shorter texts would blot out half of what is said, and are no secrets. */
const leastSecretLength = 4
const sensitiveHeader = /authorization|cookie|token|secret|api-?key|password|signature|credential/i

/** A monitor whose secrets have been read, and every text that must not be seen. */
export interface Opened {
  monitor: Monitor<string>
  secrets: string[]
}

/** Reads a monitor's secrets. Rejects where one cannot be read. */
export async function openSecrets(monitor: Monitor, source: SecretSource): Promise<Opened> {
  if ((monitor.kind !== 'http' && monitor.kind !== 'tcp') || isOpen(monitor)) return { monitor, secrets: [] }
  const secrets = new Set<string>()
  const open = async (value: Secret, isSecret: boolean): Promise<string> => {
    const text = typeof value === 'string' ? value : await source(value)
    if (isSecret || typeof value !== 'string') secrets.add(text)
    return text
  }
  if (monitor.kind === 'tcp') {
    const dialog = await Promise.all(
      monitor.dialog.map(async (step) => ('send' in step ? { send: await open(step.send, false) } : step)),
    )
    return { monitor: { ...monitor, dialog }, secrets: [...secrets].filter(isLongEnough) }
  }
  const { headers, body, auth, proxy, ...rest } = monitor
  const opened: Monitor<string> = { ...rest, headers: {}, body: await open(body, false) }
  for (const [name, value] of Object.entries(headers))
    opened.headers[name] = await open(value, sensitiveHeader.test(name))
  if (auth && 'bearer' in auth) opened.auth = { bearer: await open(auth.bearer, true) }
  if (auth && 'basic' in auth) {
    const { username } = auth.basic
    const password = await open(auth.basic.password, true)
    opened.auth = { basic: { username, password } }
    secrets.add(Buffer.from(`${username}:${password}`).toString('base64'))
  }
  if (proxy) {
    opened.proxy = await open(proxy, false)
    const { username, password } = URL.parse(opened.proxy) ?? {}
    if (password) {
      secrets.add(decodeURIComponent(password))
      secrets.add(
        Buffer.from(`${decodeURIComponent(username ?? '')}:${decodeURIComponent(password)}`).toString('base64'),
      )
    }
  }
  return { monitor: opened, secrets: [...secrets].filter(isLongEnough) }
}

/** A session that a monitor was given is a secret too; short values are settings, such as a language. */
const leastCookieLength = 8

/** The values of the cookies that a result was given. */
export function cookieValues({ observed }: ProbeResult): string[] {
  const cookies = 'headers' in observed ? [observed.headers?.['set-cookie'] ?? []].flat() : []
  return cookies.flatMap((cookie) => {
    const value = /^[^=;]*=([^;]*)/.exec(cookie)?.[1]?.trim() ?? ''
    return value.length >= leastCookieLength ? [value] : []
  })
}

/** Whether an HTTP monitor has nothing to read and nothing to hide, as most have. */
function isOpen(monitor: Monitor): monitor is HttpMonitor<string> {
  if (monitor.kind !== 'http' || monitor.auth || monitor.proxy || typeof monitor.body !== 'string') return false
  return Object.entries(monitor.headers).every(
    ([name, value]) => typeof value === 'string' && !sensitiveHeader.test(name),
  )
}

function isLongEnough(secret: string): boolean {
  return secret.length >= leastSecretLength
}

/** A copy of a value in which every secret is blotted out, in plain, URL-encoded and JSON-escaped form. */
export function redact<T>(value: T, secrets: readonly string[]): T {
  if (secrets.length === 0) return value
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
  const blot = (text: string) => [...new Set(forms)].reduce(blotOut, text)
  const walk = (inner: unknown): unknown => {
    if (typeof inner === 'string') return blot(inner)
    if (Array.isArray(inner)) return inner.map(walk)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [blot(key), walk(one)]))
  }
  return walk(value) as T
}

/** Blots out a secret, whole, or what is left of it where a text was cut short (marked by `…`). */
function blotOut(text: string, secret: string): string {
  let rest = text.replaceAll(secret, '[secret]')
  if (!rest.includes('…')) return rest
  for (let length = secret.length - 1; length >= leastSecretLength; length--) {
    rest = rest
      .replaceAll(`${secret.slice(0, length)}…`, '[secret]…')
      .replaceAll(`…${secret.slice(-length)}`, '…[secret]')
  }
  return rest
}
