/** Splits `host`, `host:port` or `[v6]:port`; a bare IPv6 address is a host. Undefined where the text is neither. */
export function splitHostPort(text: string): { host: string; port?: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^\s:/[\]@]+))(?::(\d{1,5}))?$/.exec(text)
  if (!match) return /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text) ? { host: text } : undefined
  const host = match[1] ?? match[2] ?? ''
  if (match[3] === undefined) return { host }
  const port = Number(match[3])
  return port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/** Whether a host, IPv6 with or without its brackets, is this machine itself. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
}

/** An address to post to: encrypted, except on this machine, and without a user, whom `fetch` refuses. */
export function isPostUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || `${url.username}${url.password}` !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** `192.0.2.1:443`, `shop.test:443` or `[2001:db8::1]:443`. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
