import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalAnswer, canonicalIpv6, canonicalName, isWithin } from '../../lib/model/dns-answer.ts'
import { type DnsType, dnsTypes } from '../../lib/model/dns-names.ts'

describe('canonicalAnswer', () => {
  it.each<[DnsType, string, string]>([
    ['A', ' 192.0.2.1 ', '192.0.2.1'],
    ['AAAA', '2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['AAAA', '2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['CNAME', 'Shop.Example.COM.', 'shop.example.com'],
    ['NS', '.', '.'],
    ['PTR', 'host\\.name.example.', 'host\\.name.example'],
    ['MX', '10   Mail.Example.com.', '10 mail.example.com'],
    ['MX', '010 mail.example.com', '10 mail.example.com'],
    ['MX', '0 .', '0 .'],
    ['SRV', '1 2 443 Target.example.', '1 2 443 target.example'],
    ['SOA', 'NS1.e.test. Admin.e.test. 1 2 3 4 5', 'ns1.e.test admin.e.test 1 2 3 4 5'],
    ['TXT', 'v=spf1 -all', 'v=spf1 -all'],
    ['TXT', '"v=DKIM1; " "p=abc"', 'v=DKIM1; p=abc'],
    ['TXT', '"say \\"hi\\""', 'say "hi"'],
    ['TXT', 'Case Stays', 'Case Stays'],
    ['CAA', '0 ISSUE "letsencrypt.org"', '0 issue "letsencrypt.org"'],
    ['CAA', '0 issue letsencrypt.org', '0 issue "letsencrypt.org"'],
    ['HINFO', '"Cpu One" os', '"Cpu One" "os"'],
    ['NAPTR', '100 10 "S" "SIP+D2U" "" _SIP._udp.e.test.', '100 10 "S" "SIP+D2U" "" _sip._udp.e.test'],
    ['DS', '60485 5 1 2bb183af5f22588179a53b0a 98631fad1a292118', '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118'],
    ['TLSA', '3 1 1 aabb ccdd', '3 1 1 AABBCCDD'],
    ['SSHFP', '4 2 ab12', '4 2 AB12'],
    ['DNSKEY', '257 3 13 AbCd EfGh', '257 3 13 AbCdEfGh'],
    ['RP', 'Admin.e.test. .', 'admin.e.test .'],
    ['NSEC', 'B.e.test. a rrsig NSEC', 'b.e.test A RRSIG NSEC'],
    ['NSEC3', '1 0 10 aabb 2t7b a', '1 0 10 AABB 2T7B A'],
    [
      'RRSIG',
      'a 8 3 86400 20300101000000 20200101000000 2642 E.test. oJB1 W6WN',
      'A 8 3 86400 20300101000000 20200101000000 2642 e.test oJB1W6WN',
    ],
  ])('%s %j is %j', (type, text, expected) => {
    expect(canonicalAnswer(type, text)).toBe(expected)
    expect(canonicalAnswer(type, expected)).toBe(expected)
  })

  it('leaves what does not fit the type as it is', () => {
    expect(canonicalAnswer('MX', 'mail.example.com')).toBe('mail.example.com')
    expect(canonicalAnswer('SRV', '')).toBe('')
    expect(canonicalAnswer('AAAA', 'nonsense')).toBe('nonsense')
    expect(canonicalAnswer('CNAME', 'a b')).toBe('a b')
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.constantFrom(...dnsTypes), fc.string({ unit: 'binary' }), (type, text) => {
        expect(typeof canonicalAnswer(type, text)).toBe('string')
      }),
      { numRuns: 5000 },
    )
  })

  it('gives any spelling of an IPv6 address the same text', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
        const long = groups.map((group) => group.toString(16).padStart(4, '0').toUpperCase()).join(':')
        const short = groups.map((group) => group.toString(16)).join(':')
        expect(canonicalIpv6(long)).toBe(canonicalIpv6(short))
        expect(canonicalIpv6(canonicalIpv6(short))).toBe(canonicalIpv6(short))
      }),
    )
  })

  it('writes a mapped IPv4 address as dig does (RFC 5952 §5)', () => {
    for (const spelling of ['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:C000:0201'])
      expect(canonicalIpv6(spelling)).toBe('::ffff:192.0.2.1')
    expect(canonicalIpv6('::fffe:c000:201')).toBe('::fffe:c000:201')
  })

  it('keeps an escaped last dot, which belongs to the label', () => {
    expect(canonicalName('a\\.')).toBe('a\\.')
    expect(canonicalName('a\\\\.')).toBe('a\\\\')
    expect(canonicalName('')).toBe('.')
  })
})

describe('isWithin', () => {
  it.each([
    ['shop.test', true],
    ['a.shop.test', true],
    ['bookshop.test', false],
    ['test', false],
    ['a\\.shop.test', false],
    ['a\\\\.shop.test', true],
    ['a\\\\\\.shop.test', false],
    ['\\.shop.test', false],
    ['\\092.shop.test', true],
  ])('takes no dot within a label for one between labels: %s', (name, expected) => {
    expect(isWithin(name, 'shop.test')).toBe(expected)
  })
})
