import type { Socket } from 'node:net'
import type { TcpMonitor } from '../model/monitor.ts'
import type { Observation, Phases, TcpObserved } from '../model/result.ts'
import { addPhase, connectTcp } from './connect.ts'
import { Conversation, fillCaptures } from './conversation.ts'
import { type ProbeDeps, ProbeFailure } from './probe.ts'
import { startTls } from './tls-handshake.ts'
import { serverVerdict } from './tls-verdict.ts'

const maxReceived = 4096

/** Opens a TCP connection and, where the monitor has a dialog, holds it. */
export async function probeTcp(
  monitor: TcpMonitor<string>,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<Observation<TcpObserved>> {
  const phases: Phases = {}
  const observed: TcpObserved = {}
  const { host, port, ipVersion, resolver } = monitor
  let socket: Socket | undefined
  try {
    socket = await connectTcp({ host, port, ipVersion, ...(resolver && { resolver }) }, phases, deps, signal)
    observed.ip = socket.remoteAddress ?? ''
    if (monitor.dialog.length > 0) socket = await holdDialog(monitor, socket, phases, observed, deps, signal)
    return { phases, observed }
  } catch (error) {
    if (error instanceof ProbeFailure) return { phases, observed, failure: error.toFailure() }
    throw error
  } finally {
    socket?.on('error', () => {})
    socket?.destroySoon()
  }
}

async function holdDialog(
  monitor: TcpMonitor<string>,
  opened: Socket,
  phases: Phases,
  observed: TcpObserved,
  deps: ProbeDeps,
  signal: AbortSignal,
): Promise<Socket> {
  let socket = opened
  let conversation = new Conversation(socket, signal)
  let captures: RegExpExecArray | undefined
  let heardBefore = ''
  try {
    for (const [i, step] of monitor.dialog.entries()) {
      if ('send' in step) conversation.say(fillCaptures(step.send, captures))
      else if ('startTls' in step) {
        heardBefore += conversation.end()
        const tlsTarget = { host: monitor.host, tls: monitor.tls }
        const secure = await startTls(socket, tlsTarget, observed, phases, deps, signal)
        socket = secure
        if (i === monitor.dialog.length - 1) await serverVerdict(secure, phases, signal)
        conversation = new Conversation(socket, signal)
      } else {
        const started = deps.now()
        try {
          captures = await conversation.hear(step.expect)
        } finally {
          addPhase(phases, 'processing', deps.now() - started)
        }
      }
    }
    return socket
  } finally {
    const heard = heardBefore + conversation.end()
    if (heard) observed.received = heard.length > maxReceived ? `…${heard.slice(1 - maxReceived)}` : heard
  }
}
