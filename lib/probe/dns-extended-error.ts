/** By their numbers (RFC 8914 §4; IANA "Extended DNS Error Codes" has later ones). */
const names = [
  'Other Error',
  'Unsupported DNSKEY Algorithm',
  'Unsupported DS Digest Type',
  'Stale Answer',
  'Forged Answer',
  'DNSSEC Indeterminate',
  'DNSSEC Bogus',
  'Signature Expired',
  'Signature Not Yet Valid',
  'DNSKEY Missing',
  'RRSIGs Missing',
  'No Zone Key Bit Set',
  'NSEC Missing',
  'Cached Error',
  'Not Ready',
  'Blocked',
  'Censored',
  'Filtered',
  'Prohibited',
  'Stale NXDOMAIN Answer',
  'Not Authoritative',
  'Not Supported',
  'No Reachable Authority',
  'Network Error',
  'Invalid Data',
]

const optionCode = 15
/** A server may say as much as a packet holds. */
const maxText = 200

/**
 * Why a server did not answer, as it tells in the data of an OPT record: `DNSSEC Bogus: signature crypto failed`.
 * Undefined where it does not; options that are broken are of no concern.
 */
export function extendedError(optData: Buffer): string | undefined {
  for (let at = 0; at + 4 <= optData.length; ) {
    const option = optData.subarray(at + 4, at + 4 + optData.readUInt16BE(at + 2))
    if (optData.readUInt16BE(at) === optionCode && option.length >= 2) return inWords(option)
    at += 4 + optData.readUInt16BE(at + 2)
  }
  return undefined
}

function inWords(option: Buffer): string {
  const number = option.readUInt16BE(0)
  const text = option
    .toString('utf8', 2)
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, maxText)
  return `${names[number] ?? `extended error ${number}`}${text && `: ${text}`}`
}
