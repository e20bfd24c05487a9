import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import type { TlsOptions } from '../model/monitor.ts'
import { ProbeFailure } from './probe.ts'

/** Parsing root certificates costs more than a probe, so contexts are shared; files are read again after this time. */
const maxAgeMs = 60_000
const maxContexts = 256
const contexts = new Map<string, { context: tls.SecureContext; madeAt: number }>()

/** The TLS context of these options, shared between probes; rotated certificate files are seen within a minute. */
export function secureContext(options: TlsOptions, nowMs: number): tls.SecureContext {
  const { caFile, certFile, keyFile, minVersion, maxVersion } = options
  const key = JSON.stringify([caFile, certFile, keyFile, minVersion, maxVersion])
  const readsFiles = caFile || certFile || keyFile
  const known = contexts.get(key)
  if (known && (!readsFiles || nowMs - known.madeAt < maxAgeMs)) return known.context
  const context = createContext(options)
  if (contexts.size >= maxContexts) contexts.delete(contexts.keys().next().value ?? '')
  contexts.set(key, { context, madeAt: nowMs })
  return context
}

let machineAnchors: X509Certificate[] | undefined

/** The certificates that these options trust. Reading the machine's takes milliseconds, so it is done where they matter. */
export function trustAnchors({ caFile }: TlsOptions): X509Certificate[] {
  if (caFile) return parseAll(readAuthorities(caFile).match(pemCertificate) ?? [])
  machineAnchors ??= parseAll(tls.getCACertificates('default'))
  return machineAnchors
}

const pemCertificate =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g

/** Of those that Node can read: OpenSSL passes over the others too. */
function parseAll(pems: readonly string[]): X509Certificate[] {
  return pems.flatMap((pem) => {
    try {
      return [new X509Certificate(pem)]
    } catch {
      return []
    }
  })
}

function createContext({ caFile, certFile, keyFile, minVersion, maxVersion }: TlsOptions): tls.SecureContext {
  const old = minVersion === 'TLSv1' || minVersion === 'TLSv1.1'
  try {
    const cert = certFile && readFileSync(certFile)
    const key = keyFile && readFileSync(keyFile)
    // Of two kinds that do not fit OpenSSL says nothing, and shows no certificate.
    if (cert && key && !new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      throw new Error('the key is not that of the certificate')
    return tls.createSecureContext({
      minVersion,
      maxVersion,
      // OpenSSL's default level refuses TLS 1.0 and 1.1 whatever minVersion says.
      ...(old && { ciphers: 'DEFAULT@SECLEVEL=0' }),
      // What is in caFile is trusted, root or not, as curl and Go have it: people pin intermediates and servers' own too.
      ...(caFile && { ca: readAuthorities(caFile), allowPartialTrustChain: true }),
      ...(cert && { cert }),
      ...(key && { key }),
    })
  } catch (error) {
    const files = [caFile, certFile, keyFile].filter(Boolean).join(', ')
    throw new ProbeFailure('INTERNAL', 'tls', `tls: cannot use ${files}: ${(error as Error).message}`, error)
  }
}

/** Node takes a file without certificates for none, and then every server would look untrusted. */
function readAuthorities(file: string): string {
  const pem = readFileSync(file, 'latin1')
  if (/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/.test(pem)) return pem
  throw new Error('expected certificates as PEM (-----BEGIN CERTIFICATE-----), got none')
}
