import type { HttpMonitor, Monitor, Secret, SecretRef, TcpMonitor } from '../model/monitor.ts'
import { loginStep, sensitiveHeader } from '../model/sensitive.ts'

/**
 * Reads a secret from where it is kept. Rejects with what to do where it cannot. `isStale` says that a peer refused what
 * was given before: a source that keeps values is to read this one again.
 */
export type SecretSource = (ref: SecretRef, options?: { isStale?: boolean }) => Promise<string>

/** Where secrets come from on a machine without AWS: the environment alone. */
export const environmentSecrets: SecretSource = async (ref) => {
  if (!('env' in ref))
    throw new Error(`the secret ${JSON.stringify(ref)} can only be read in AWS; use { "env": NAME } here`)
  const value = process.env[ref.env]
  if (!value)
    throw new Error(`the environment variable ${ref.env} is not set, or empty; a monitor takes a secret from it`)
  return value
}

/** Shorter texts would blot out half of what is said, and are no secrets. */
export const leastSecretLength = 4

/** Shorter parts of a header are schemes and names: `Bearer`, `sid`. */
const leastPartLength = 8

/** A monitor whose secrets have been read, and every text that must not be seen. */
export interface Opened {
  monitor: Monitor<string>
  secrets: string[]
}

/** Reads a monitor's secrets. Rejects where one cannot be read, or cannot be used. */
export async function openSecrets(monitor: Monitor, source: SecretSource): Promise<Opened> {
  if (monitor.kind === 'http') return isOpen(monitor) ? { monitor, secrets: [] } : openHttp(monitor, source)
  if (monitor.kind === 'tcp') return openTcp(monitor, source)
  return { monitor, secrets: [] }
}

/** Whether an HTTP monitor has nothing to read and nothing to hide, as most have. */
function isOpen(monitor: HttpMonitor): monitor is HttpMonitor<string> {
  if (monitor.auth || monitor.proxy || typeof monitor.body !== 'string') return false
  return Object.entries(monitor.headers).every(
    ([name, value]) => typeof value === 'string' && !sensitiveHeader.test(name),
  )
}

async function openHttp(monitor: HttpMonitor, source: SecretSource): Promise<Opened> {
  const secrets: string[] = []
  const { headers, body, auth, proxy, ...rest } = monitor
  const opened: HttpMonitor<string> = { ...rest, headers: {}, body: await read(body, source) }
  if (typeof body !== 'string') secrets.push(opened.body)
  for (const [name, value] of Object.entries(headers)) {
    const text = headerText(await read(value, source), value)
    opened.headers[name] = text
    // A peer may echo a part of it alone: the token without its scheme, one cookie of several.
    if (sensitiveHeader.test(name) || typeof value !== 'string')
      secrets.push(text, ...text.split(/[\s;,=]+/).filter((part) => part.length >= leastPartLength))
  }
  if (auth && 'bearer' in auth) {
    const bearer = headerText(await read(auth.bearer, source), auth.bearer)
    opened.auth = { bearer }
    secrets.push(bearer)
  }
  if (auth && 'basic' in auth) {
    const { username } = auth.basic
    const password = await read(auth.basic.password, source)
    opened.auth = { basic: { username, password } }
    secrets.push(password, Buffer.from(`${username}:${password}`).toString('base64'))
  }
  if (proxy) {
    opened.proxy = await read(proxy, source)
    secrets.push(...proxySecrets(opened.proxy))
  }
  return { monitor: opened, secrets: secrets.filter(isLongEnough) }
}

/** A proxy's password; without one its user is a token. */
function proxySecrets(proxy: string): string[] {
  const url = URL.parse(proxy)
  if (!url?.username) return []
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
  return [password || username, Buffer.from(`${username}:${password}`).toString('base64')]
}

async function openTcp(monitor: TcpMonitor, source: SecretSource): Promise<Opened> {
  const secrets: string[] = []
  const dialog = await Promise.all(
    monitor.dialog.map(async (step) => {
      if (!('send' in step)) return step
      const send = await read(step.send, source)
      if (typeof step.send !== 'string') secrets.push(send, send.trim())
      else if (loginStep.test(send)) secrets.push(...send.trim().split(/\s+/).slice(1))
      return { send }
    }),
  )
  return { monitor: { ...monitor, dialog }, secrets: secrets.filter(isLongEnough) }
}

async function read(value: Secret, source: SecretSource): Promise<string> {
  return typeof value === 'string' ? value : source(value)
}

/** What may stand in a header (RFC 9110 §5.5); a line break at its end is what files and shells often leave there. */
function headerText(text: string, from: Secret): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) return text
  const where = typeof from === 'string' ? 'a secret' : `the secret ${JSON.stringify(from)}`
  const what = /[\r\n]/.test(text) ? 'a line break' : 'a character'
  throw new Error(`${where} holds ${what} that no HTTP header can carry: store it without`)
}

function isLongEnough(secret: string): boolean {
  return secret.length >= leastSecretLength
}
