import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requirePython } from '../support/python.ts'
import { controllerTests } from './failover-controllers.ts'
import { hookTests } from './failover-hooks.ts'
import { outageTests } from './failover-outages.ts'
import { peopleTests } from './failover-people.ts'
import { route53Tests } from './failover-route53.ts'
import { type Stage, startStage } from './failover-stage.ts'
import { leftIn } from './leftovers.ts'

let stage: Stage
const minuteMs = 60_000
/** Minutes that no schedule has run. */
let nextMinuteMs = Math.ceil(Date.now() / minuteMs) * minuteMs + 30 * minuteMs
const takeMinute = () => {
  nextMinuteMs += minuteMs
  return new Date(nextMinuteMs).toISOString()
}

describe.skipIf(!(await requirePython()))('failovers deployed into an AWS on loopback', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    stage = await startStage()
  }, 600_000)
  afterAll(async () => {
    await stage?.stop()
  }, 180_000)

  outageTests(() => stage, takeMinute)
  controllerTests(() => stage, takeMinute)
  peopleTests(() => stage)
  hookTests(() => stage)
  route53Tests(() => stage)

  test('destroyed, they leave nothing', async () => {
    const beganMs = Date.now()
    const { sandbox } = stage
    await sandbox.destroy()
    for (const region of [...sandbox.config.vantages, ...sandbox.config.controllers])
      expect(await leftIn(region, sandbox.aws, beganMs), region).toEqual({})
  })
})
