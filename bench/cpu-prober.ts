/** Our side of `cpu`: a process that does nothing but run monitors when told to. Started by `startChild`. */
import { inParallel } from './support/child.ts'
import { prober } from './support/prober.ts'

const run = prober(JSON.parse(process.argv[2] ?? '[]'))

process.on('message', async ({ id, count, width }: { id: string; count: number; width: number }) => {
  await inParallel(count, width, async () => void (await run(id)))
  process.send?.({ done: id })
})
process.once('disconnect', () => process.exit())
process.send?.({ ready: true })
