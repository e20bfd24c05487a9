import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** A certificate and its key, as PEM. */
export interface KeyPair {
  cert: string
  key: string
}

/** What the demo's TLS origin needs: the root to trust, the certificate it serves, and one that ran out two days ago. */
export interface DemoCertificates {
  ca: string
  valid: KeyPair
  expired: KeyPair
}

const dayMs = 86_400_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const rootName = 'CN=Vedette demo root'

/** Makes a root of its own and two certificates below it for `host`. Nothing here outlives the demo. */
export async function makeDemoCertificates(host: string): Promise<DemoCertificates> {
  const rootKeys = await generateKeys()
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(-101, 366),
    name: rootName,
    keys: rootKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(rootKeys.publicKey),
    ],
  })
  return {
    ca: root.toString('pem'),
    valid: await issue(host, rootKeys, validity(-1, 90)),
    expired: await issue(host, rootKeys, validity(-100, -2)),
  }
}

async function issue(host: string, rootKeys: webcrypto.CryptoKeyPair, dates: Dates): Promise<KeyPair> {
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.create({
    ...dates,
    subject: `CN=${host}, O=Demo shop`,
    issuer: rootName,
    publicKey: keys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: host },
        { type: 'ip', value: '127.0.0.1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(rootKeys.publicKey),
    ],
  })
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') }
}

interface Dates {
  serialNumber: string
  notBefore: Date
  notAfter: Date
}

function validity(fromDays: number, toDays: number): Dates {
  const now = Date.now()
  const at = (days: number) => new Date(now + days * dayMs)
  return { serialNumber: `4f${randomBytes(15).toString('hex')}`, notBefore: at(fromDays), notAfter: at(toDays) }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}
