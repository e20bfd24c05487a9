/** Where the head of a reply ends, its blank line included; -1 where it has not ended. A line may end in LF alone. */
export function headEnd(bytes: Buffer): number {
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) {
    if (bytes[at + 1] === 0x0a) return at + 2
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return at + 3
  }
  return -1
}

/**
 * A reply whose head says the same in the one way that undici reads: lines end in CRLF rather than LF (RFC 9112 §2.2), a
 * line that goes on in the next is one (§5.2), nothing is white behind a value (RFC 9110 §5.5), and a length that is given
 * more than once, always the same, is given once (RFC 9112 §6.3). Without a whole head the bytes come back as they are.
 */
export function tidiedHead(bytes: Buffer): Buffer {
  const end = headEnd(bytes)
  if (end < 0) return bytes
  const lines: string[] = []
  for (const line of bytes.toString('latin1', 0, end).split('\n')) {
    const text = withoutWhiteEnd(line)
    const previous = lines.at(-1)
    if (text === '') continue
    if (previous === undefined || !/^[ \t]/.test(text)) lines.push(text)
    else lines[lines.length - 1] = `${previous} ${text.replace(/^[ \t]+/, '')}`
  }
  return Buffer.concat([Buffer.from(`${withOneLength(lines).join('\r\n')}\r\n\r\n`, 'latin1'), bytes.subarray(end)])
}

/** Not by a regular expression: on a long run of blanks within a line that takes the square of its length. */
function withoutWhiteEnd(line: string): string {
  let end = line.length
  while (end > 0 && ' \t\r'.includes(line.charAt(end - 1))) end--
  return line.slice(0, end)
}

/** Lengths that differ stay, for the parser to refuse. */
function withOneLength(lines: string[]): string[] {
  const isLength = (line: string) => /^content-length:/i.test(line)
  const given = lines.filter(isLength).flatMap((line) => line.slice(line.indexOf(':') + 1).split(','))
  const [length, ...others] = new Set(given.map((value) => value.trim()))
  if (given.length < 2 || length === undefined || others.length > 0) return lines
  return [...lines.filter((line) => !isLength(line)), `content-length: ${length}`]
}
