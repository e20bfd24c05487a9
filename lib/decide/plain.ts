/** Control characters, and the marks that turn the direction of text around: they hide what is really there. */
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g

/** A text as it may be shown anywhere: whole characters, nothing that hides or forges others. Lines stay. */
function plain(text: string): string {
  return text.toWellFormed().replaceAll('\r\n', '\n').replace(unseen, ' ')
}

/** A text in one line. */
export function oneLine(text: string): string {
  return plain(text).replaceAll(/\s+/g, ' ').trim()
}

/** A text of at most so many UTF-16 units; where it was longer it says by how much. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const note = (left: number) => `… [cut: ${left} more characters]`
  const room = Math.max(0, most - note(text.length).length)
  // Half a character is none.
  const kept = text.slice(0, room).replace(/[\ud800-\udbff]$/, '')
  return `${kept}${note(text.length - kept.length)}`.slice(0, most)
}

/** A text of at most so many UTF-16 units; where it was longer it ends with an ellipsis. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

/** A list of at most so many entries in words; the rest is a number. */
export function listed(items: readonly string[], most: number): string {
  if (items.length === 0) return 'none'
  const rest = items.length - most
  return rest > 0 ? `${items.slice(0, most).join(', ')} and ${rest} more` : items.join(', ')
}
