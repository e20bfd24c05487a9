import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { Certificate, CertificateSummary } from '../model/result.ts'
import { ProbeFailure } from './probe.ts'

/** More are cut where a result is published, and only counted. */
const shownSans = 100
const maxChain = 10
const dayMs = 86_400_000

interface Known {
  x509: X509Certificate
  certificate: Omit<Certificate, 'daysRemaining'>
  validFromMs: number
  validToMs: number
  /** The certificate and its issuers, where one of them is too weak. */
  weakChain?: X509Certificate[]
  knownSinceMs: number
}

// Describing a chain costs more than the rest of a probe, and the same one is seen again and again. Not for long: a
// server may send other issuers with the same certificate.
const known = new Map<string, Known>()
const maxKnown = 2000
const maxKnownMs = 60_000

/** What a peer showed in its handshake, trusted or not; undefined where it showed none. */
export function peerCertificate(socket: TLSSocket, nowMs: number): Certificate | undefined {
  const description = describe(socket, nowMs)
  if (!description) return undefined
  const { certificate, validToMs } = description
  return { ...certificate, daysRemaining: Math.round(((validToMs - nowMs) / dayMs) * 100) / 100 }
}

/**
 * Judges the certificate of a finished handshake, as a browser would: dates, trust, name, strength.
 * `host` is the name or address it must be for; `anchors` gives what is trusted, asked only where it matters.
 * Gives the first thing that is wrong, or nothing.
 */
export function judgeCertificate(
  socket: TLSSocket,
  host: string,
  anchors: () => X509Certificate[],
  nowMs: number,
): ProbeFailure | undefined {
  const description = describe(socket, nowMs)
  if (!description) return new ProbeFailure('TLS_HANDSHAKE', 'tls', 'the server showed no certificate')
  const wrongName = nameMismatch(description, host)
  const { weakChain } = description
  const weakness = weakChain && weaknessIn(verifiedPath(weakChain, anchors()))
  // With `rejectUnauthorized: false` Node keeps the verification's error code here, whatever its type says.
  const error = socket.authorizationError as unknown as string | null
  if (error) return untrusted(error, description, { wrongName, weakness }, nowMs)
  if (wrongName) return new ProbeFailure('TLS_HOSTNAME', 'tls', wrongName)
  if (weakness) return new ProbeFailure('TLS_WEAK', 'tls', weakness)
  return undefined
}

function untrusted(
  error: string,
  { certificate, validFromMs, validToMs }: Known,
  { wrongName, weakness }: { wrongName: string | undefined; weakness: string | undefined },
  nowMs: number,
): ProbeFailure {
  const { subject, issuer } = certificate
  // OpenSSL reports a date before anything else, so what else is wrong is said beside it.
  const also = wrongName ? `; besides, ${wrongName}` : ''
  const fail = (code: ConstructorParameters<typeof ProbeFailure>[0], message: string) =>
    new ProbeFailure(code, 'tls', `${message}${also} (${error})`)
  switch (error) {
    case 'CERT_HAS_EXPIRED':
      return validToMs < nowMs
        ? fail('TLS_EXPIRED', `the certificate of ${subject} expired on ${certificate.validTo}`)
        : fail('TLS_EXPIRED', `an issuer in the chain of ${subject} has expired${expiredIssuer(certificate, nowMs)}`)
    case 'CERT_NOT_YET_VALID':
      return validFromMs > nowMs
        ? fail('TLS_NOT_YET_VALID', `the certificate of ${subject} is valid only from ${certificate.validFrom}`)
        : fail('TLS_NOT_YET_VALID', `an issuer in the chain of ${subject} is not valid yet`)
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return fail('TLS_SELF_SIGNED', `the certificate of ${subject} is self-signed; set tls.caFile to trust it`)
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return fail(
        'TLS_UNTRUSTED',
        `the chain of ${subject} ends at a root that is not trusted here (${rootOf(certificate)})`,
      )
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return certificate.chain.length > 0
        ? fail(
            'TLS_UNTRUSTED',
            `the chain of ${subject} ends at a root that is not trusted here (${rootOf(certificate)}),` +
              ' or at an intermediate that the server leaves out',
          )
        : fail(
            'TLS_INCOMPLETE_CHAIN',
            `the server sent only the certificate of ${subject}, not that of its issuer ${issuer}` +
              ' (or that issuer is a root that is not trusted here, such as your own: then set tls.caFile)',
          )
    case 'INVALID_PURPOSE':
      return fail('TLS_UNTRUSTED', `the key usage of ${subject} or of an issuer does not allow for a TLS server`)
  }
  if (weakness) return fail('TLS_WEAK', weakness)
  // Node has names for the commonest of OpenSSL's reasons only.
  const hint =
    error === 'UNSPECIFIED'
      ? ': it may break the name constraints of an issuer, or have a critical extension that is not known here'
      : ''
  return fail('TLS_UNTRUSTED', `the certificate of ${subject} was not accepted${hint}`)
}

function expiredIssuer({ chain }: Known['certificate'], nowMs: number): string {
  const expired = chain.find(({ validTo }) => Date.parse(validTo) < nowMs)
  return expired ? `: that of ${expired.subject} on ${expired.validTo}` : ''
}

function rootOf({ chain, issuer }: Known['certificate']): string {
  return chain.at(-1)?.issuer ?? issuer
}

function nameMismatch({ x509, certificate: { sans } }: Known, host: string): string | undefined {
  // Names are looked for among the SANs alone, never in the subject, and a wildcard is a whole label (RFC 9525 §2, §6.3).
  const find = (name: string) => x509.checkHost(name, { subject: 'never', partialWildcards: false })
  const found = isIP(host) ? x509.checkIP(host) : (find(host) ?? underscored(host, find))
  if (found) return undefined
  if (isIP(host) && sans.includes(host))
    return `the certificate is not for the address ${host}: it has it as a DNS name, and needs it as an IP address`
  const names = sans.length > 5 ? `${sans.slice(0, 5).join(', ')}, …` : sans.join(', ')
  return `the certificate is not for ${host} but for ${names || 'no name at all (its subject does not count)'}`
}

/** To OpenSSL no wildcard stands for a label with an underscore; to browsers and curl it does. Gives the wildcard. */
function underscored(host: string, find: (name: string) => string | undefined): string | undefined {
  const found = find(host.replace(/^[^.]*_[^.]*/, '0'))
  return found?.startsWith('*.') ? found : undefined
}

function describe(socket: TLSSocket, nowMs: number): Known | undefined {
  // `getPeerX509Certificate` would be the modern way, but it answers once, and leaves the root out of its chain.
  const fingerprint = socket.getPeerCertificate().fingerprint256
  if (!fingerprint) return undefined
  // The issuers are not in the fingerprint: another server may send others with the same certificate.
  const { remoteAddress, remotePort, authorizationError } = socket
  const key = [fingerprint, remoteAddress, remotePort, authorizationError].join(' ')
  const already = known.get(key)
  if (already && nowMs - already.knownSinceMs < maxKnownMs) return already
  const [x509, ...issuers] = chainOf(socket.getPeerCertificate(true))
  if (!x509) return undefined
  const allSans = parseSans(x509.subjectAltName ?? '')
  const isWeak = weaknessIn([x509, ...issuers]) !== undefined
  const description: Known = {
    x509,
    certificate: {
      ...summarize(x509),
      sans: allSans,
      ...(allSans.length > shownSans && { sansTotal: allSans.length }),
      chain: issuers.map(summarize),
    },
    validFromMs: x509.validFromDate.getTime(),
    validToMs: x509.validToDate.getTime(),
    ...(isWeak && { weakChain: [x509, ...issuers] }),
    knownSinceMs: nowMs,
  }
  if (known.size >= maxKnown) known.clear()
  known.set(key, description)
  return description
}

/** The leaf and its issuers; a root is its own issuer, where Node's links go in a circle. */
function chainOf(leaf: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  const seen = new Set<string>()
  for (
    let next = leaf;
    next?.raw && !seen.has(next.fingerprint256) && chain.length <= maxChain;
    next = next.issuerCertificate
  ) {
    seen.add(next.fingerprint256)
    chain.push(new X509Certificate(next.raw))
  }
  return chain
}

function summarize(certificate: X509Certificate): CertificateSummary {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    validFrom: certificate.validFromDate.toISOString(),
    validTo: certificate.validToDate.toISOString(),
    fingerprint256: certificate.fingerprint256,
  }
}

/** Node gives distinguished names one attribute a line. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ').slice(0, 500)
}

/** `DNS:a.example, IP Address:192.0.2.1, DNS:"quoted, name"` → the bare names and addresses. */
function parseSans(text: string): string[] {
  const sans: string[] = []
  for (const [, kind, quoted, plain] of text.matchAll(/(DNS|IP Address|URI|email):(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g)) {
    const value = (quoted ?? plain ?? '').trim()
    if (kind && value) sans.push(value)
  }
  return sans
}

/**
 * The part of a chain that was verified: up to what is trusted, be it one of them or what signed one of them. A server
 * may send more, such as a root with the signature of an older one (RFC 4158 §2.3).
 */
function verifiedPath(chain: X509Certificate[], anchors: X509Certificate[]): X509Certificate[] {
  for (const [index, one] of chain.entries()) {
    if (anchors.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256)) return chain.slice(0, index + 1)
    const issuer = anchors.find((anchor) => one.checkIssued(anchor) && one.verify(anchor.publicKey))
    if (issuer) return [...chain.slice(0, index + 1), issuer]
  }
  return chain
}

/** Why one of these certificates is too weak, in words. */
function weaknessIn(chain: X509Certificate[]): string | undefined {
  return chain.map(weaknessOf).find(Boolean)
}

function weaknessOf(certificate: X509Certificate): string | undefined {
  const subject = oneLine(certificate.subject)
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
  const bits = asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < 2048)
    return `the ${asymmetricKeyType} key of ${subject} has ${bits} bits; 2048 are needed`
  // Nobody verifies the signature on a root: it is trusted by being known.
  const isRoot = certificate.subject === certificate.issuer
  const algorithm = certificate.signatureAlgorithm ?? ''
  if (!isRoot && /sha1|md5|md2/i.test(algorithm)) return `the certificate of ${subject} is signed with ${algorithm}`
  return undefined
}
