import net from 'node:net'
import { networkInterfaces } from 'node:os'
import { joinHostPort, splitHostPort } from '../model/host-port.ts'
import type { IpVersion } from '../model/monitor.ts'
import type { Phases } from '../model/result.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { resolveHost } from './resolve.ts'

export interface Target {
  /** Name or address. */
  host: string
  port: number
  ipVersion: IpVersion
  /** DNS server for the name, where it is not the machine's own. */
  resolver?: string
}

/** Pause before the next address is tried beside one that does not answer (RFC 8305 §8, "Connection Attempt Delay"). */
const attemptDelayMs = 250

/**
 * Resolves a target and opens a TCP connection to the first of its addresses that answers, all of them tried, IPv6 first
 * (RFC 8305). Adds to `phases.resolve` and `phases.connect`, also when it fails, with a `ProbeFailure`.
 */
export async function connectTcp(
  target: Target,
  phases: Phases,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<net.Socket> {
  const addresses = await resolveTarget(target, phases, deps, signal)
  const started = deps.now()
  try {
    return await connectAny(addresses, target.port, signal)
  } finally {
    addPhase(phases, 'connect', deps.now() - started)
  }
}

/** Adds to a phase, so that redirects are summed. */
export function addPhase(phases: Phases, phase: keyof Phases, ms: number): void {
  phases[phase] = (phases[phase] ?? 0) + ms
}

/** Splits a checked `host:port`. */
export function parseHostPort(text: string): { host: string; port: number } {
  const { host, port } = splitHostPort(text) ?? {}
  if (host === undefined || port === undefined)
    throw new ProbeFailure('INTERNAL', 'connect', `expected host:port, got ${JSON.stringify(text)}`)
  return { host, port }
}

async function resolveTarget(target: Target, phases: Phases, deps: ProbeDeps, signal: AbortSignal): Promise<string[]> {
  const started = deps.now()
  try {
    return await resolveHost(target.host, target, deps, signal)
  } finally {
    // An address has nothing to resolve.
    if (!net.isIP(target.host.replace(/^\[(.*)\]$/, '$1'))) addPhase(phases, 'resolve', deps.now() - started)
  }
}

function connectAny(addresses: string[], port: number, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const sockets = new Set<net.Socket>()
    const errors: ConnectError[] = []
    let next = 0
    let timer: NodeJS.Timeout | undefined

    const settle = (socket?: net.Socket, failure?: ProbeFailure) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      for (const other of sockets) if (other !== socket) other.destroy()
      if (socket) resolve(socket)
      else reject(failure)
    }
    const onAbort = () => {
      const tried = addresses.slice(0, next).map((ip) => joinHostPort(ip, port))
      settle(
        undefined,
        new ProbeFailure('CONNECT_TIMEOUT', 'connect', `no connection to ${tried.join(' or ')} in time`),
      )
    }
    const tryNext = () => {
      clearTimeout(timer)
      const ip = addresses[next++]
      if (ip === undefined) return
      const socket = net.connect({ host: ip, port, noDelay: true })
      sockets.add(socket)
      const onError = (error: NodeJS.ErrnoException) => {
        sockets.delete(socket)
        errors.push({ ip, error })
        if (errors.length === addresses.length) settle(undefined, connectFailure(errors, port))
        else tryNext()
      }
      socket.once('error', onError)
      socket.once('connect', () => {
        socket.off('error', onError)
        settle(socket)
      })
      if (next < addresses.length) timer = setTimeout(tryNext, attemptDelayMs)
    }

    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    tryNext()
  })
}

interface ConnectError {
  ip: string
  error: NodeJS.ErrnoException
}

const unreachable = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'])

function connectFailure(errors: ConnectError[], port: number): ProbeFailure {
  // What is told is the first address that was really asked: an IPv6 address no packet could leave for says little.
  const telling = errors.find(({ error }) => !unreachable.has(error.code ?? '')) ?? errors[0]
  const { ip = '', error } = telling ?? {}
  const code = error?.code ?? ''
  const address = joinHostPort(ip, port)
  const alike = errors.filter((other) => other.error.code === code).map((other) => joinHostPort(other.ip, port))
  if (code === 'ECONNREFUSED')
    return new ProbeFailure('CONNECT_REFUSED', 'connect', `${alike.join(' and ')} refused the connection`, error)
  if (code === 'ETIMEDOUT')
    return new ProbeFailure('CONNECT_TIMEOUT', 'connect', `no connection to ${address} in time`, error)
  if (unreachable.has(code)) {
    if (net.isIPv6(ip) && !canReachIpv6(ip))
      return new ProbeFailure('UNSUPPORTED', 'connect', `${address} needs IPv6, which this place does not have`, error)
    return new ProbeFailure('CONNECT_UNREACHABLE', 'connect', `no route to ${address} (${code})`, error)
  }
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return new ProbeFailure('CONNECT_RESET', 'connect', `${address} reset the connection`, error)
  return new ProbeFailure('INTERNAL', 'connect', `could not open a socket to ${address} (${code})`, error)
}

/**
 * Whether this place has an address from which packets can leave for an IPv6 address: a unique local one (RFC 4193)
 * does for its like, but not for the internet; a link-local one does for neither.
 */
export function canReachIpv6(address: string, interfaces = networkInterfaces()): boolean {
  if (isWithinSubnet(address, '::1', 128)) return true
  const routable = Object.values(interfaces)
    .flatMap((own = []) => own.filter(({ family, internal }) => family === 'IPv6' && !internal))
    .map((own) => own.address)
    .filter((own) => !isWithinSubnet(own, 'fe80::', 10))
  return isUniqueLocal(address) ? routable.length > 0 : !routable.every(isUniqueLocal)
}

function isUniqueLocal(address: string): boolean {
  return isWithinSubnet(address, 'fc00::', 7)
}

function isWithinSubnet(address: string, network: string, bits: number): boolean {
  const subnet = new net.BlockList()
  subnet.addSubnet(network, bits, 'ipv6')
  return subnet.check(address.replace(/%.*/, ''), 'ipv6')
}
