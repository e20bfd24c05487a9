import { swapBatch } from '../../lib/decide/swap-batch.ts'
import { answerOf, stateIn } from '../../lib/decide/swap-records.ts'
import { startZones } from '../../lib/local/failover-zones.ts'
import { openKeptRecords } from '../../lib/local/kept-records.ts'
import { failoverOf } from './failover-fixture.ts'

/** A process that moves a record to and fro, as fast as it can, and tells each epoch that was accepted; until it is killed. */
const failover = failoverOf()
const kept = openKeptRecords(String(process.argv[2]))
const [zone] = await startZones([failover], { kept })
for (;;) {
  const listed = await zone?.store.list(failover)
  if (listed?.kind !== 'listed') throw new Error('the zone could not be listed')
  const found = stateIn(listed.sets, failover)
  if (typeof found === 'string') throw new Error(`the TXT is ${found}`)
  const next = failover.endpoints.find(({ id }) => id !== found.state.active)
  if (!next) throw new Error('there is nowhere to go')
  const epoch = found.state.epoch + 1
  const state = { ...found.state, epoch, decision: `d${epoch}`, active: next.id }
  const outcome = await zone?.store.change(failover, swapBatch(listed.sets, answerOf(failover, next), state, failover))
  if (outcome?.kind !== 'written') throw new Error(`it was not accepted: ${outcome?.kind}`)
  process.send?.(epoch)
  await new Promise(setImmediate)
}
