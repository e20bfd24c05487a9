import { create } from 'xmlbuilder2'
import type { ProbeResult } from '../model/result.ts'

/** XML 1.0 has no place for most control characters, nor for lone surrogates (§2.2). */
function xmlText(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\x20-\ufffd\u{10000}-\u{10ffff}]/gu, ' ')
}

/** Results as a JUnit report: a down monitor is a failure, one without a vote is skipped. */
export function junitReport(service: string, results: ProbeResult[]): string {
  const of = (status: ProbeResult['status']) => results.filter((result) => result.status === status).length
  const seconds = (ms: number) => (ms / 1000).toFixed(3)
  const suite = create({ version: '1.0', encoding: 'UTF-8' })
    .ele('testsuites')
    .ele('testsuite', {
      name: `vedette ${service}`,
      tests: results.length,
      failures: of('down'),
      errors: 0,
      skipped: of('unknown'),
      time: seconds(results.reduce((sum, { durationMs }) => sum + durationMs, 0)),
    })
  for (const { monitor, kind, status, durationMs, failure } of results) {
    const test = suite.ele('testcase', { name: monitor, classname: `${service}.${kind}`, time: seconds(durationMs) })
    if (!failure) continue
    const message = xmlText(`${failure.code} (${failure.stage}): ${failure.message}`)
    if (status === 'down') test.ele('failure', { type: failure.code, message })
    else if (status === 'unknown') test.ele('skipped', { message })
    else test.ele('system-out').txt(`${status}: ${message}`)
  }
  return suite.end({ prettyPrint: true })
}
