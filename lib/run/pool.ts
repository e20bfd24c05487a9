/**
 * Runs a task over every item, at most `limit` at once; results in the order of the items. Each task is begun in a turn of
 * the event loop of its own: what many of them do first would otherwise stand in the timings of the others.
 */
export async function pool<T, R>(items: readonly T[], limit: number, task: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const i = next++
      results[i] = await task(items[i] as T)
    }
  }
  const workers: Promise<void>[] = []
  while (workers.length < Math.min(limit, items.length)) {
    workers.push(worker())
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(workers)
  return results
}
