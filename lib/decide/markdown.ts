import { oneLine } from './plain.ts'

/** What peers and people wrote, as text that is shown as it is written (CommonMark §2.4): no Markdown, no HTML, one line. */
export function markdownText(text: string): string {
  // An underscore within a word is one: CONNECT_REFUSED stays readable.
  return oneLine(text).replace(/[\\`*[\]<>#|~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&')
}

/** The same as code, for a table too: backticks would end it, bars would end its cell. */
export function markdownCode(text: string): string {
  const plain = oneLine(text).replaceAll('`', 'ˋ').replaceAll('|', '\\|')
  return plain === '' ? '' : `\`${plain}\``
}
