/** 32 bits that spread ids evenly and are the same everywhere and always: FNV-1a, then murmur3's finalizer. */
export function stableHash(id: string): number {
  let bits = 0x811c9dc5
  for (const byte of new TextEncoder().encode(id)) bits = Math.imul(bits ^ byte, 0x01000193)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
