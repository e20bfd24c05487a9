import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopback, splitHostPort } from '../../model/host-port.ts'
import { HttpError } from './answer.ts'

/**
 * Goes with every answer. Nothing is loaded from elsewhere, no script or style stands in a page, no text becomes HTML by
 * itself (trusted types), nobody frames it and no other site reads it.
 */
export const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

const cookieSeconds = 30 * 86_400

/** What may be read by whoever reaches the server: no word of what is watched is in it. */
const openPaths = /^\/(healthz|livez|login|assets\/[^/]*)$/

/** Throws `HttpError` for a request that may not be answered; `token` absent: anyone on this machine may read. */
export function guard(request: IncomingMessage, path: string, token: string | undefined): void {
  const { method = '', headers, headersDistinct } = request
  // RFC 9112 §3.2: which of several would be meant, nobody knows.
  if ((headersDistinct.host ?? []).length > 1) throw new HttpError(400, 'expected one Host, got several')
  const isLogin = path === '/login' && method === 'POST'
  if (method !== 'GET' && method !== 'HEAD' && !isLogin) {
    const allow = path === '/login' ? 'GET, HEAD, POST' : 'GET, HEAD'
    throw new HttpError(405, `expected ${allow}, got ${method}: everything here is read-only`, { allow })
  }
  if (token === undefined) checkHost(headers.host)
  else if (!openPaths.test(path) && !isKnown(request, path, token)) {
    const message =
      'expected "Authorization: Bearer <token>", or the cookie of /login, got neither: ask whoever runs it'
    throw new HttpError(401, message, { 'www-authenticate': 'Bearer realm="vedette"' })
  }
}

/**
 * A name of this machine is all that may stand in Host where no token is asked for: a site that has its own name lead to
 * 127.0.0.1 (DNS rebinding) would read everything. With a token such a site has no cookie, so any name will do.
 */
function checkHost(header = ''): void {
  const { host = '' } = splitHostPort(header.toLowerCase()) ?? {}
  if (isLoopback(host)) return
  const hint = 'open it as http://localhost, or start it with --token to reach it by other names'
  throw new HttpError(421, `expected Host to be a name of this machine, got ${JSON.stringify(header)}: ${hint}`)
}

function isKnown({ headers, url = '' }: IncomingMessage, path: string, token: string): boolean {
  const bearer = /^bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return isSame(bearer.trim(), token)
  const cookie = new RegExp(`(?:^|;\\s*)${cookieName(token)}=([\\w-]+)`).exec(headers.cookie ?? '')?.[1]
  if (cookie !== undefined && isSame(cookie, sessionOf(token))) return true
  const key = path.startsWith('/badges/') ? new URL(url, 'http://localhost').searchParams.get('key') : null
  return key !== null && isSame(key, badgeKey(path, token))
}

/** Browsers keep cookies by host, whatever the port: each of several dashboards on one machine needs its own. */
function cookieName(token: string): string {
  return `vedette-${createHmac('sha256', token).update('cookie').digest('base64url').slice(0, 8)}`
}

/** What the cookie holds: whoever reads it does not know the token. */
function sessionOf(token: string): string {
  return createHmac('sha256', token).update('session').digest('base64url')
}

/** Opens one badge, and nothing else. */
export function badgeKey(path: string, token: string): string {
  return createHmac('sha256', token).update(`badge ${path}`).digest('base64url').slice(0, 22)
}

/** Compares in a time that says nothing of where two texts differ. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** The cookie of a browser whose user knew the token. */
export function sessionCookie(token: string): string {
  return `${cookieName(token)}=${sessionOf(token)}; Path=/; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Strict`
}
