/** The value that a share `q` (0–1) of the sorted values does not exceed (nearest rank); undefined of none. */
export function quantile(sorted: ArrayLike<number>, q: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]
}
