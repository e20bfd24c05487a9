/** A peer's text made safe for a terminal: no escape sequences, no line breaks. */
export function plainText(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
}
