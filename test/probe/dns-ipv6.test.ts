import type { NetworkInterfaceInfo } from 'node:os'
import { expect, it } from 'vitest'
import { canReachIpv6 } from '../../lib/probe/connect.ts'

function own(...addresses: string[]): { eth0: NetworkInterfaceInfo[] } {
  const rest = { netmask: '', mac: '', cidr: null, internal: false }
  return {
    eth0: addresses.map(
      (address): NetworkInterfaceInfo =>
        address.includes(':') ? { ...rest, address, family: 'IPv6', scopeid: 0 } : { ...rest, address, family: 'IPv4' },
    ),
  }
}

it.each([
  ['2001:db8::1', ['2001:db8::9'], true],
  ['2001:db8::1', ['192.0.2.9'], false],
  ['2001:db8::1', ['fe80::9', 'fd00::9'], false],
  ['2001:db8::1', ['fe80::9', 'fd00::9', '2001:db8::9'], true],
  ['fd00::1', ['fd12::9'], true],
  ['fc00::1', ['2001:db8::9'], true],
  ['fd00::1', ['fe80::9'], false],
  ['0:0:0:0:0:0:0:1', [], true],
])('%s is reachable from %j: %s', (target, addresses, reachable) => {
  expect(canReachIpv6(target, own(...addresses))).toBe(reachable)
})

it('an internal address leads nowhere', () => {
  const lo = own('2001:db8::9').eth0.map((one) => ({ ...one, internal: true }))
  expect(canReachIpv6('2001:db8::1', { lo })).toBe(false)
})
