/** The value that a share `q` (0 to 1) of the sorted values does not exceed (nearest rank); undefined of none. */
export function quantile(sorted: ArrayLike<number>, q: number): number | undefined {
  // A binary fraction such as 0.55 × 20 may be a hair above a whole rank: the hair is none.
  return sorted[Math.max(0, Math.ceil(q * sorted.length - 1e-9) - 1)]
}
