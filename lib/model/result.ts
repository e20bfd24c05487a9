/** What a probe run says of its target; `unknown` is no vote: this place could not tell. */
export type Status = 'up' | 'degraded' | 'down' | 'unknown'

/** Whether a run went well, if slowly: only then does its duration say how fast the target is. */
export function isWell(status: Status | undefined): status is 'up' | 'degraded' {
  return status === 'up' || status === 'degraded'
}

/** Where in its course a probe failed. */
export type Stage = 'resolve' | 'connect' | 'tls' | 'request' | 'processing' | 'transfer' | 'assert'

/** Every failure code with its meaning in words. Codes are a contract: they are extended, never renamed. */
export const failureCodes = {
  DNS_NXDOMAIN: 'the name does not exist',
  DNS_NODATA: 'the name exists but has no record of this type',
  DNS_SERVFAIL: 'the DNS server failed to answer',
  DNS_REFUSED: 'the DNS server refused to answer',
  DNS_RCODE: 'the DNS server answered with an error',
  DNS_TIMEOUT: 'no DNS answer in time',
  DNS_MALFORMED: 'the DNS reply could not be read',
  DNS_MISMATCH: 'the DNS reply belongs to another question',
  DNS_LAME: 'a name server of the zone is not authoritative for it',
  DNS_DISAGREE: 'DNS servers give different answers',
  CONNECT_REFUSED: 'connection refused',
  CONNECT_TIMEOUT: 'no connection in time',
  CONNECT_RESET: 'connection reset while connecting',
  CONNECT_UNREACHABLE: 'no route to the address',
  TLS_EXPIRED: 'the certificate has expired',
  TLS_NOT_YET_VALID: 'the certificate is not valid yet',
  TLS_HOSTNAME: 'the certificate is for another name',
  TLS_UNTRUSTED: 'the certificate has an untrusted root',
  TLS_SELF_SIGNED: 'the certificate is self-signed',
  TLS_INCOMPLETE_CHAIN: 'the server does not send its intermediate certificates',
  TLS_WEAK: 'the certificate or key exchange is too weak',
  TLS_VERSION: 'no TLS version in common',
  TLS_HANDSHAKE: 'the TLS handshake failed',
  TLS_TIMEOUT: 'no TLS handshake in time',
  HTTP_MALFORMED: 'the reply is not valid HTTP',
  HTTP_TRUNCATED: 'the reply ended early',
  HTTP_TIMEOUT: 'no complete reply in time',
  HTTP_RESET: 'the connection was closed before a reply',
  HTTP_TOO_LARGE: 'the reply is larger than allowed',
  HTTP_DECODE: 'the reply could not be decompressed',
  HTTP_REDIRECT_LOOP: 'too many redirects',
  HTTP_REDIRECT_INVALID: 'a redirect leads nowhere',
  TCP_DIALOG: 'the peer said something else than expected',
  TCP_CLOSED: 'the peer closed the connection',
  TCP_TIMEOUT: 'the peer said nothing in time',
  ASSERTION: 'an expectation was not met',
  SELF: 'this vantage itself is cut off',
  UNSUPPORTED: 'this place cannot run this probe',
  INTERNAL: 'the probe itself failed',
} as const

export type FailureCode = keyof typeof failureCodes

/** Failures that say nothing of the target: they are no vote (`unknown`), never `down`. */
export const noVoteCodes: ReadonlySet<FailureCode> = new Set<FailureCode>(['SELF', 'UNSUPPORTED', 'INTERNAL'])

export interface Failure {
  code: FailureCode
  stage: Stage
  /** What was expected, what was got, and where it helps what to do. Never holds a secret. */
  message: string
}

/** Milliseconds spent in each phase, with blackbox_exporter's names; redirects are summed. */
export interface Phases {
  resolve?: number
  connect?: number
  tls?: number
  /** From the request (or query) being sent to the first byte of the reply. */
  processing?: number
  transfer?: number
}

export interface CertificateSummary {
  /** Distinguished name as `CN=…, O=…`. */
  subject: string
  issuer: string
  /** ISO 8601. */
  validFrom: string
  validTo: string
  fingerprint256: string
}

export interface Certificate extends CertificateSummary {
  /** Names and addresses without their `DNS:` or `IP:` mark; the first 100. */
  sans: string[]
  /** How many names there are, where `sans` was cut. */
  sansTotal?: number
  /** Days until `validTo`, negative once it has passed, with two decimals. */
  daysRemaining: number
  /** The issuers above this certificate, nearest first. */
  chain: CertificateSummary[]
}

export interface HttpObserved {
  statusCode?: number
  ip?: string
  /** `'1.0'`, `'1.1'` or `'2'`. */
  httpVersion?: string
  /** Lower-case names; a header sent more than once has a list. */
  headers?: Record<string, string | string[]>
  /** Body bytes as transferred. */
  bodyBytes?: number
  /** Body bytes after decompression. */
  decodedBytes?: number
  /** How many redirects were followed. */
  redirects?: number
  /** Where the redirects ended: origin and path. */
  finalUrl?: string
  certificate?: Certificate
}

export interface TlsObserved {
  ip?: string
  /** `'TLSv1.3'` and so on. */
  version?: string
  cipher?: string
  certificate?: Certificate
}

export interface TcpObserved {
  ip?: string
  /** What the peer said, the last 4,096 characters. */
  received?: string
  certificate?: Certificate
}

export interface DnsRecord {
  name: string
  type: string
  /** Seconds. */
  ttl: number
  /** Presentation form, as `dig +short` prints it. */
  data: string
}

export interface DnsFlags {
  aa: boolean
  tc: boolean
  rd: boolean
  ra: boolean
  ad: boolean
  cd: boolean
}

export interface DnsServerObserved {
  /** `ns1.example.com (192.0.2.53:53)` or the address as configured. */
  server: string
  rcode?: string
  flags?: DnsFlags
  answers?: string[]
  records?: DnsRecord[]
  counts?: { answers: number; authorities: number; additionals: number }
  /** The zone's SOA serial as this server has it. */
  serial?: number
  durationMs?: number
  failure?: Failure
}

export interface DnsObserved extends Partial<DnsServerObserved> {
  /** Each server on its own, where more than one was asked. */
  servers?: DnsServerObserved[]
}

export type Observed = HttpObserved | TlsObserved | TcpObserved | DnsObserved

/** What one attempt of a probe saw; without a failure it ran to its end. */
export interface Observation<O extends Observed = Observed> {
  phases: Phases
  observed: O
  failure?: Failure
  /** The decoded body as text, for assertions only: it is never published. */
  body?: string
}

/** One assertion that did not hold. */
export interface FailedAssertion {
  /** The assertion in words: `status in [200, 204]`. */
  expected: string
  /** The value that was there, shortened. */
  got: string
  level: 'down' | 'degraded'
}

/** What one run of a monitor, retries included, gives. Only the last attempt counts. */
export interface ProbeResult {
  /** The monitor's id. */
  monitor: string
  kind: 'http' | 'tcp' | 'tls' | 'dns'
  vantage: string
  status: Status
  /** ISO 8601, when the last attempt began. */
  startedAt: string
  /** Milliseconds of the last attempt, with fractions. */
  durationMs: number
  attempts: number
  phases: Phases
  failure?: Failure
  /** Every assertion that failed, where any did. */
  failedAssertions?: FailedAssertion[]
  observed: Observed
}
