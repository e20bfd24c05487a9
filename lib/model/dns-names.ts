/** Record types a DNS monitor can ask for. */
export const dnsTypes = [
  'A', 'AAAA', 'CAA', 'CNAME', 'DNAME', 'DNSKEY', 'DS', 'HINFO', 'MX', 'NAPTR', 'NS', 'NSEC', 'NSEC3',
  'PTR', 'RP', 'RRSIG', 'SOA', 'SRV', 'SSHFP', 'TLSA', 'TXT',
] as const // biome-ignore format: one glance
export type DnsType = (typeof dnsTypes)[number]

/** Response codes by name (IANA "DNS RCODEs", 0–23). */
export const rcodes = [
  'NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET', 'NOTAUTH',
  'NOTZONE', 'DSOTYPENI', 'BADVERS', 'BADKEY', 'BADTIME', 'BADMODE', 'BADNAME', 'BADALG', 'BADTRUNC', 'BADCOOKIE',
] as const // biome-ignore format: one glance
export type Rcode = (typeof rcodes)[number]
