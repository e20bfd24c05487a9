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

function createContext({ caFile, certFile, keyFile, minVersion, maxVersion }: TlsOptions): tls.SecureContext {
  const old = minVersion === 'TLSv1' || minVersion === 'TLSv1.1'
  try {
    return tls.createSecureContext({
      minVersion,
      maxVersion,
      // OpenSSL's default level refuses TLS 1.0 and 1.1 whatever minVersion says.
      ...(old && { ciphers: 'DEFAULT@SECLEVEL=0' }),
      ...(caFile && { ca: readFileSync(caFile) }),
      ...(certFile && { cert: readFileSync(certFile) }),
      ...(keyFile && { key: readFileSync(keyFile) }),
    })
  } catch (error) {
    const files = [caFile, certFile, keyFile].filter(Boolean).join(', ')
    throw new ProbeFailure('INTERNAL', 'tls', `tls: cannot use ${files}: ${(error as Error).message}`, error)
  }
}
