import { type ControllerView, controllerView } from './controller-view.ts'
import {
  drillZone,
  type EndpointId,
  endpointAddresses,
  type FailoverId,
  failoverConfig,
  failoverIds,
  liveZone,
} from './failover-config.ts'
import { deleteDownAlarms } from './knobs.ts'
import { type Origin, type Origins, startOrigins } from './origins.ts'
import { type RecordView, recordView } from './record-view.ts'
import { type Sandbox, startSandbox } from './sandbox.ts'
import { listenToTopics, type Told } from './told.ts'

/** Failovers deployed into a sandbox, with origins to kill and everything that people and tests look at. */
export interface Stage extends ControllerView, RecordView {
  sandbox: Sandbox
  told: Told
  origin(id: FailoverId, endpoint: EndpointId): Origin
  /** All origins up, the first endpoint in the record, and a first TXT beside it. */
  reset(id: FailoverId): Promise<void>
  stop(): Promise<void>
}

const endpointIds = Object.keys(endpointAddresses) as EndpointId[]

/** Deploys them all, each at origins of its own, and adopts those that have a record. */
export async function startStage(): Promise<Stage> {
  const origins = {} as Record<FailoverId, Origins>
  for (const id of failoverIds) origins[id] = await startOrigins(Object.values(endpointAddresses))
  const ports = Object.fromEntries(failoverIds.map((id) => [id, origins[id].port])) as Record<FailoverId, number>
  const sandbox = await startSandbox({
    failovers: { zones: [liveZone, drillZone], config: (ground) => failoverConfig(ground, ports) },
  })
  const stop = async () => {
    await sandbox.stop()
    for (const id of failoverIds) await origins[id].stop()
  }
  try {
    await sandbox.deploy()
    await deleteDownAlarms(sandbox)
    const [controllers, records] = [controllerView(sandbox), recordView(sandbox)]
    const origin: Stage['origin'] = (id, endpoint) => origins[id].at(endpointAddresses[endpoint])
    const reset: Stage['reset'] = async (id) => {
      for (const endpoint of endpointIds) await origin(id, endpoint).mend()
      await records.deleteTxt(id)
      await records.edit(id, endpointAddresses.one)
      await controllers.call(controllers.home, { do: 'adopt', failover: id })
    }
    for (const id of failoverIds) if (id !== 'check') await reset(id)
    const told = await listenToTopics(sandbox)
    return { ...controllers, ...records, sandbox, told, origin, reset, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
