import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import tls from 'node:tls'
import { tlsFileKeys } from '../model/monitor.ts'
import { formatPath, type Problem } from '../model/problem.ts'

type Key = (typeof tlsFileKeys)[number]

/** What is wrong with the certificate files that a config names, as written: unreadable, no PEM, a key of another certificate. */
export function tlsFileProblems(input: unknown, folder: string): Problem[] {
  const monitors = (input as { monitors?: unknown } | null | undefined)?.monitors
  if (!Array.isArray(monitors)) return []
  return monitors.flatMap((monitor, i) => {
    const given = (monitor as { tls?: Partial<Record<Key, unknown>> } | null | undefined)?.tls ?? {}
    const at = ['monitors', i, 'tls']
    const texts: Partial<Record<Key, string>> = {}
    const problems: Problem[] = []
    for (const key of tlsFileKeys) {
      const file = given[key]
      if (typeof file !== 'string' || file === '') continue
      const read = readPem(path.resolve(folder, file), key)
      if (typeof read === 'string') texts[key] = read
      else problems.push({ path: formatPath([...at, key]), ...read })
    }
    return [...problems, ...pairProblems(texts, at)]
  })
}

function readPem(file: string, key: Key): string | Omit<Problem, 'path'> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return { expected: 'a file that can be read', got: `"${file}" (${(error as NodeJS.ErrnoException).code})` }
  }
  const isPem = key === 'keyFile' ? /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) : isCertificate(text)
  return isPem
    ? text
    : { expected: `a PEM file with a ${key === 'keyFile' ? 'private key' : 'certificate'}`, got: `"${file}"` }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined
  } catch {
    return false
  }
}

function pairProblems({ certFile, keyFile }: Partial<Record<Key, string>>, at: PropertyKey[]): Problem[] {
  if (!certFile || !keyFile) return []
  try {
    tls.createSecureContext({ cert: certFile, key: keyFile })
    return []
  } catch (error) {
    const got = (error as Error).message.replace(/^.*:/, '')
    return [{ path: formatPath([...at, 'keyFile']), expected: 'the key of certFile', got }]
  }
}
