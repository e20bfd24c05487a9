import { randomUUID } from 'node:crypto'
import { createPublisher, putMetricsTo } from '../lib/act/cloudwatch.ts'
import { causesFromLogs } from '../lib/act/found-causes.ts'
import { createDeliver } from '../lib/act/notify-deliver.ts'
import { openNotifyTable } from '../lib/act/notify-table.ts'
import { awsSecrets, createSecrets } from '../lib/act/secrets.ts'
import type { NotifyAsset } from '../lib/decide/notify-asset.ts'
import { readAsset } from '../lib/run/lambda-asset.ts'
import { jsonLog } from '../lib/run/log.ts'
import { createNotifyFunction } from '../lib/run/notify-function.ts'
import { pause } from '../lib/run/pause.ts'

const asset = readAsset<NotifyAsset>(import.meta.dirname)
const nowMs = () => Date.now()
const secret = createSecrets(awsSecrets(), nowMs)

/** Tells people of what comes from the topics of this region, and every minute of what is due. */
export const handler = createNotifyFunction(asset, {
  store: openNotifyTable(asset.table, asset.region),
  deliver: createDeliver(asset.routes, { secret, pause, chance: Math.random, nowMs }),
  publish: createPublisher(asset.peers, (region) => putMetricsTo(region, asset.namespace)),
  causes: causesFromLogs(asset.vantages, nowMs),
  log: jsonLog((line) => void process.stdout.write(`${line}\n`)),
  newHolder: randomUUID,
  nowMs,
})
