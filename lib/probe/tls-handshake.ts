import { isIP, type Socket } from 'node:net'
import tls from 'node:tls'
import type { TlsOptions } from '../model/monitor.ts'
import type { Certificate, Phases } from '../model/result.ts'
import { judgeCertificate, peerCertificate } from './certificate.ts'
import { addPhase } from './connect.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { secureContext, trustAnchors } from './secure-context.ts'

export interface TlsTarget {
  /** The name for SNI and for the certificate check, unless `tls.serverName` says another. */
  host: string
  tls: TlsOptions
  alpn?: string[]
}

/** What a handshake shows, kept also when it is refused. */
export interface TlsSeen {
  certificate?: Certificate
  version?: string
  cipher?: string
}

/**
 * A full TLS handshake over an open socket, then the judgement of its certificate before any byte is sent.
 * Adds to `phases.tls` and fills `seen`, also when it fails, with a `ProbeFailure`; then the socket is destroyed.
 */
export async function startTls(
  socket: Socket,
  target: TlsTarget,
  seen: TlsSeen,
  phases: Phases,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  const name = (target.tls.serverName || target.host).replace(/\.$/, '')
  const started = deps.now()
  try {
    const keepCertificate = (secure: tls.TLSSocket) => {
      const certificate = peerCertificate(secure, deps.wallClock())
      if (certificate) seen.certificate = certificate
    }
    const secure = await handshake(socket, name, target, keepCertificate, deps, signal)
    keepCertificate(secure)
    seen.version = secure.getProtocol() ?? ''
    seen.cipher = secure.getCipher().name
    const anchors = () => trustAnchors(target.tls)
    const failure = target.tls.verify ? judgeCertificate(secure, name, anchors, deps.wallClock()) : undefined
    if (failure) throw failure
    return secure
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    addPhase(phases, 'tls', deps.now() - started)
  }
}

function handshake(
  socket: Socket,
  name: string,
  target: TlsTarget,
  keepCertificate: (secure: tls.TLSSocket) => void,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = tls.connect({
      socket,
      // SNI holds names only (RFC 6066 §3).
      servername: isIP(name) ? '' : name,
      secureContext: secureContext(target.tls, deps.wallClock()),
      // Node hides a refused peer's certificate, so every one is let in here and judged by us.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(target.alpn && { ALPNProtocols: target.alpn }),
    })
    const settle = (failure?: ProbeFailure) => {
      signal.removeEventListener('abort', onAbort)
      secure.off('error', onError)
      secure.off('secureConnect', onSecure)
      secure.off('close', onClose)
      secure.off('keylog', onKeys)
      if (!failure) return resolve(secure)
      // An alert may still arrive; nobody listens any more.
      secure.on('error', () => {})
      secure.destroy()
      reject(failure)
    }
    // A TLS 1.2 server that refuses us does so before the handshake ends, and then Node no longer knows its certificate.
    // Its keys are agreed on after it has shown it, and in TLS 1.2 alone under this label (NSS key log format).
    const onKeys = (line: Buffer) => {
      if (line.toString('latin1', 0, 13) === 'CLIENT_RANDOM') keepCertificate(secure)
    }
    const onAbort = () => settle(new ProbeFailure('TLS_TIMEOUT', 'tls', 'the TLS handshake was not finished in time'))
    const onError = (error: NodeJS.ErrnoException) => settle(tlsFailure(error))
    const onSecure = () => settle()
    const onClose = () =>
      settle(new ProbeFailure('TLS_HANDSHAKE', 'tls', 'the server closed the connection in the TLS handshake'))
    secure.once('error', onError)
    secure.once('secureConnect', onSecure)
    secure.once('close', onClose)
    secure.on('keylog', onKeys)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Whether an error on a TLS socket is one of TLS itself, rather than of the connection below or the protocol above. */
export function isTlsError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  return code.startsWith('ERR_SSL_') || code === 'EPROTO' || code.startsWith('ERR_TLS_')
}

/** The failure that an error of a TLS socket means. */
export function tlsFailure(error: NodeJS.ErrnoException): ProbeFailure {
  const code = error.code ?? ''
  const fail = (failure: 'TLS_VERSION' | 'TLS_WEAK' | 'TLS_HANDSHAKE', message: string) =>
    new ProbeFailure(failure, 'tls', `${message} (${code || error.message})`, error)
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW/.test(code))
    return fail('TLS_VERSION', 'the server and tls.minVersion to tls.maxVersion have no TLS version in common')
  if (/KEY_TOO_SMALL|MD_TOO_WEAK|DH_KEY_TOO_SMALL|BAD_DH_VALUE/.test(code))
    return fail('TLS_WEAK', 'the key exchange or certificate of the server is too weak')
  // A server says these of our certificate, not of its own (RFC 8446 §6.2).
  if (/ALERT_(?:(?:BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)/.test(code))
    return fail('TLS_HANDSHAKE', 'the server wants a client certificate it accepts; see tls.certFile and tls.keyFile')
  const isAlert = code.includes('_ALERT_')
  if (
    !isAlert &&
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER|INVALID_RECORD|UNEXPECTED_MESSAGE/.test(code)
  )
    return fail('TLS_HANDSHAKE', 'the server does not speak TLS on this port')
  if (/UNRECOGNIZED_NAME/.test(code))
    return fail('TLS_HANDSHAKE', 'the server knows no host of this name (SNI); see tls.serverName')
  if (/NO_APPLICATION_PROTOCOL/.test(code))
    return fail('TLS_HANDSHAKE', 'the server speaks none of the offered protocols (HTTP/2, where httpVersion is "2")')
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return fail('TLS_HANDSHAKE', 'the server closed the connection in the TLS handshake')
  if (/ALERT_HANDSHAKE_FAILURE/.test(code))
    return fail(
      'TLS_HANDSHAKE',
      'the server refused: it shares no cipher, or wants a client certificate (tls.certFile)',
    )
  // OpenSSL's whole text has source files and addresses in it; its reason is what people read.
  const { reason } = error as { reason?: string }
  return fail('TLS_HANDSHAKE', `the TLS handshake failed: ${reason ?? error.message.split('\n')[0]}`)
}
