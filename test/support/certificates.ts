import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { lastingFolder } from './lasting-folder.ts'

export type KeyType = 'P-256' | 'RSA-1024' | 'RSA-2048'

/** What a certificate says of itself. Everything has a sound default: valid from yesterday for 90 days, P-256, SHA-256. */
export interface CertificateOptions {
  /** Distinguished name, such as `CN=shop.test, O=Shop`. */
  subject?: string
  dns?: string[]
  ips?: string[]
  validFrom?: Date
  validTo?: Date
  key?: KeyType
  /** Hash of the issuer's signature upon it. */
  hash?: 'SHA-1' | 'SHA-256'
  usage?: ('server' | 'client')[]
}

/** A certificate with its key, as PEM. */
export interface TestCertificate {
  cert: string
  key: string
  /** What a server sends: this certificate and the intermediates above it, without the root. */
  chain: string
}

/** A certificate that can sign others. */
export interface TestAuthority extends TestCertificate {
  signer: { certificate: x509.X509Certificate; keys: webcrypto.CryptoKeyPair }
}

const dayMs = 86_400_000

/** A moment `days` from now, negative for the past: `validTo: daysFromNow(-1)` has expired. */
export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * dayMs)
}

/** A root. */
export async function createCa(options: CertificateOptions = {}): Promise<TestAuthority> {
  return authority({ subject: 'CN=Test Root, O=Vedette Tests', validTo: daysFromNow(3650), ...options })
}

/** An authority below another, whose `chain` is itself: a leaf below it needs it to be sent along. */
export async function createIntermediate(
  issuer: TestAuthority,
  options: CertificateOptions = {},
): Promise<TestAuthority> {
  return authority({ subject: 'CN=Test Intermediate, O=Vedette Tests', validTo: daysFromNow(1825), ...options }, issuer)
}

/** A server's certificate, for `localhost` and 127.0.0.1 unless told otherwise; its `cert` alone is the incomplete chain. */
export async function createLeaf(issuer: TestAuthority, options: CertificateOptions = {}): Promise<TestCertificate> {
  const keys = await leafKeys(options.key)
  const certificate = await sign(options, keys, leafExtensions(options), issuer.signer)
  const isRoot = issuer.signer.certificate.subject === issuer.signer.certificate.issuer
  return toPem(certificate, keys, isRoot ? '' : issuer.chain)
}

/** A leaf that vouches for itself. */
export async function createSelfSigned(options: CertificateOptions = {}): Promise<TestCertificate> {
  const keys = await leafKeys(options.key)
  return toPem(await sign(options, keys, leafExtensions(options)), keys)
}

let sharedCa: Promise<TestAuthority> | undefined

/** The root that most tests share. */
export function testCa(): Promise<TestAuthority> {
  sharedCa ??= createCa()
  return sharedCa
}

let folder: string | undefined

/** Writes PEM text to a file that lasts as long as this process, for options such as `caFile`. */
export function pemFile(pem: string): string {
  folder ??= lastingFolder('pem')
  const file = join(folder, `${randomBytes(6).toString('hex')}.pem`)
  writeFileSync(file, pem)
  return file
}

/** The name and key of a root with the signature of another one. */
export async function crossSign(root: TestAuthority, by: TestAuthority, options: CertificateOptions = {}) {
  const { certificate, keys } = root.signer
  return authority({ validTo: daysFromNow(1825), ...options, subject: certificate.subject }, by, keys)
}

async function authority(
  options: CertificateOptions,
  issuer?: TestAuthority,
  ownKeys?: webcrypto.CryptoKeyPair,
): Promise<TestAuthority> {
  const keys = ownKeys ?? (await generateKeys(options.key))
  const usage = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
  const extensions = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(usage, true),
  ]
  const certificate = await sign(options, keys, extensions, issuer?.signer)
  return { ...(await toPem(certificate, keys)), signer: { certificate, keys } }
}

function leafExtensions(options: CertificateOptions): x509.Extension[] {
  const { dns = ['localhost'], ips = ['127.0.0.1'], usage = ['server'] } = options
  const names: x509.JsonGeneralNames = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ]
  const purposes = usage.map((purpose) => x509.ExtendedKeyUsage[purpose === 'server' ? 'serverAuth' : 'clientAuth'])
  return [
    new x509.BasicConstraintsExtension(false),
    new x509.ExtendedKeyUsageExtension(purposes),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ]
}

/** Without a signer the certificate signs itself. */
async function sign(
  options: CertificateOptions,
  keys: webcrypto.CryptoKeyPair,
  extensions: x509.Extension[],
  signer?: TestAuthority['signer'],
): Promise<x509.X509Certificate> {
  const subject = options.subject ?? `CN=${options.dns?.[0] ?? 'localhost'}, O=Vedette Tests`
  const signingKey = await keyForHash((signer?.keys ?? keys).privateKey, options.hash ?? 'SHA-256')
  return x509.X509CertificateGenerator.create({
    serialNumber: `4f${randomBytes(15).toString('hex')}`,
    subject,
    issuer: signer?.certificate.subject ?? subject,
    notBefore: options.validFrom ?? daysFromNow(-1),
    notAfter: options.validTo ?? daysFromNow(90),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: { name: signingKey.algorithm.name, hash: options.hash ?? 'SHA-256' },
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create((signer?.keys ?? keys).publicKey),
    ],
  })
}

/** WebCrypto ties an RSA key to one hash; another signature hash needs the same key under another label. */
async function keyForHash(key: webcrypto.CryptoKey, hash: string): Promise<webcrypto.CryptoKey> {
  if (key.algorithm.name === 'ECDSA' || hash === 'SHA-256') return key
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key)
  return webcrypto.subtle.importKey('pkcs8', pkcs8, { name: key.algorithm.name, hash }, true, ['sign'])
}

const rsaLeafKeys = new Map<KeyType, Promise<webcrypto.CryptoKeyPair>>()

/** RSA keys take long to make, so all leaves of one size share theirs. */
async function leafKeys(type: KeyType = 'P-256'): Promise<webcrypto.CryptoKeyPair> {
  if (type === 'P-256') return generateKeys(type)
  const keys = rsaLeafKeys.get(type) ?? generateKeys(type)
  rsaLeafKeys.set(type, keys)
  return keys
}

async function generateKeys(type: KeyType = 'P-256'): Promise<webcrypto.CryptoKeyPair> {
  if (type === 'P-256') {
    return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  }
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: Number(type.slice(4)),
  }
  return webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify'])
}

async function toPem(
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
  issuers = '',
): Promise<TestCertificate> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  const cert = `${certificate.toString('pem')}\n`
  return { cert, key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`, chain: cert + issuers }
}
