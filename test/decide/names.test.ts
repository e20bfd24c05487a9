import { expect, test } from 'vitest'
import {
  alarmsName,
  controlName,
  namespaceOf,
  prefixOf,
  probeName,
  queryName,
  topicName,
} from '../../lib/decide/names.ts'

const shop = { service: 'shop' }
const staging = { service: 'shop', env: 'staging' }

test('names begin with the service, and the environment where there is one', () => {
  expect(prefixOf(shop)).toBe('vedette-shop')
  expect(prefixOf(staging)).toBe('vedette-shop-staging')
})

test('an environment has metrics of its own, so that staging never votes on production', () => {
  expect(namespaceOf({})).toBe('Vedette')
  expect(namespaceOf(staging)).toBe('Vedette/staging')
})

test('what is named in one region never has the name of something else there', () => {
  const names = [
    probeName(staging, 'us-east-1'),
    controlName(staging, 'us-east-1'),
    alarmsName(staging, 'us-east-1', '0'),
    alarmsName(staging, 'us-east-1', '01'),
    topicName(staging, 'page'),
    topicName(staging, 'ticket'),
    topicName(staging, 'ticket', 'us-east-1'),
    queryName(staging, 'failures', 'us-east-1'),
    queryName(staging, 'failures', 'inside'),
  ]
  expect(names).toEqual([
    'vedette-shop-staging-probe-us-east-1',
    'vedette-shop-staging-control-us-east-1',
    'vedette-shop-staging-alarms-us-east-1-0',
    'vedette-shop-staging-alarms-us-east-1-01',
    'vedette-shop-staging-page',
    'vedette-shop-staging-ticket',
    'vedette-shop-staging-ticket-us-east-1',
    'vedette-shop-staging/failures/us-east-1',
    'vedette-shop-staging/failures/inside',
  ])
})
