import { plainText } from './plain-text.ts'

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const none = /\p{M}|\u200d/u

function columnsOf(character: string): number {
  return none.test(character) ? 0 : wide.test(character) ? 2 : 1
}

/** Text made safe for a terminal and fitted to exactly so many columns: cut with an ellipsis, or padded. */
export function toWidth(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  let [fitted, used] = ['', 0]
  let [short, shortUsed] = ['', 0]
  for (const character of plainText(text)) {
    used += columnsOf(character)
    fitted += character
    if (used <= columns - 1) [short, shortUsed] = [fitted, used]
    if (used > columns) {
      const cut = columns > 0 ? `${short}…` : ''
      return cut + ' '.repeat(Math.max(0, columns - shortUsed - 1))
    }
  }
  const padding = ' '.repeat(columns - used)
  return align === 'left' ? fitted + padding : padding + fitted
}

/** Text made safe for a terminal, in lines of so many columns that break between words; the last line that it may have is cut. */
export function wrapped(text: string, columns: number, mostLines: number): string[] {
  const plain = plainText(text)
  const indent = /^ */.exec(plain)?.[0] ?? ''
  const lines: string[] = []
  let line = indent
  // Blanks between columns stay.
  for (const word of plain.trim().split(/ (?! )/)) {
    const longer = line === indent ? line + word : `${line} ${word}`
    if (line === indent || widthOf(longer) <= columns || lines.length + 1 >= mostLines) line = longer
    else {
      lines.push(line)
      line = indent + word
    }
  }
  return [...lines, line].map((one) => toWidth(one, columns).trimEnd())
}

function widthOf(text: string): number {
  return [...text].reduce((sum, character) => sum + columnsOf(character), 0)
}
