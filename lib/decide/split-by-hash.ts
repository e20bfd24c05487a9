import { stableHash } from '../model/stable-hash.ts'

/** Items whose ids' hashes begin with the same bits. */
export interface Part<T> {
  /** Those bits, as text; empty where all items are in one part. */
  prefix: string
  items: T[]
}

const bits = 32

/**
 * Splits items into parts that fit, each item in exactly one. A part that grows too large splits in two by the next bit of
 * its items' hashes, so an addition moves the items of one part at most, and never those of another. No part is empty; one
 * of a single item is left as it is.
 */
export function splitByHash<T extends { id: string }>(
  items: readonly T[],
  fits: (items: readonly T[]) => boolean,
  prefix = '',
): Part<T>[] {
  if (items.length === 0) return []
  if (items.length === 1 || fits(items) || prefix.length === bits) return [{ prefix, items: [...items] }]
  const bit = ({ id }: T) => (stableHash(id) >>> (bits - 1 - prefix.length)) & 1
  const half = (wanted: number) => items.filter((item) => bit(item) === wanted)
  return [...splitByHash(half(0), fits, `${prefix}0`), ...splitByHash(half(1), fits, `${prefix}1`)]
}
