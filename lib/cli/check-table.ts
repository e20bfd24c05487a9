import { styleText } from 'node:util'
import { formatDuration } from '../model/duration.ts'
import type {
  DnsObserved,
  HttpObserved,
  Phases,
  ProbeResult,
  Status,
  TcpObserved,
  TlsObserved,
} from '../model/result.ts'
import { plainTable } from './plain-table.ts'
import { plainText } from './plain-text.ts'
import { count } from './validate.ts'

type Style = Parameters<typeof styleText>[0]

const statusStyle: Record<Status, { mark: string; style: Style }> = {
  down: { mark: '✖', style: 'red' },
  unknown: { mark: '?', style: 'magenta' },
  degraded: { mark: '▲', style: 'yellow' },
  up: { mark: '✔', style: 'green' },
}

const phaseStyle: Record<keyof Phases, { letter: string; style: Style }> = {
  resolve: { letter: 'r', style: 'magenta' },
  connect: { letter: 'c', style: 'blue' },
  tls: { letter: 't', style: 'cyan' },
  processing: { letter: 'p', style: 'green' },
  transfer: { letter: 'x', style: 'yellow' },
}

const worstFirst = Object.keys(statusStyle)
const barWidth = 12
const defaultColumns = 120

/** Results as people read them: worst first, the cause in words, phases as a bar, what was seen. */
export function resultTable(service: string, results: ProbeResult[], columns = defaultColumns): string {
  const idWidth = Math.min(30, Math.max(7, ...results.map(({ monitor }) => monitor.length)))
  const fixed = 12 + (idWidth + 2) + 10 + (barWidth + 2)
  const sorted = [...results].sort((a, b) => worstFirst.indexOf(a.status) - worstFirst.indexOf(b.status))
  const table = plainTable({
    head: ['state', 'monitor', 'time', 'phases', 'seen'].map((title) => styleText('dim', title)),
    rows: sorted.map(row),
    widths: [12, idWidth + 2, 10, barWidth + 2, Math.max(30, columns - fixed)],
    aligns: ['left', 'left', 'right', 'left', 'left'],
  })
  return `${table}\n\n${summary(service, results)}`
}

function row(result: ProbeResult): string[] {
  const { mark, style } = statusStyle[result.status]
  return [
    styleText(style, `${mark} ${result.status}`),
    result.monitor,
    formatDuration(Number(result.durationMs.toPrecision(3))),
    phaseBar(result.phases),
    plainText(explain(result)),
  ]
}

/** The cause where there is one, then what was seen. */
function explain(result: ProbeResult): string {
  const { failure, attempts } = result
  const tried = attempts > 1 ? ` [${attempts} attempts]` : ''
  const sight = seen(result)
  if (!failure) return sight + tried
  return `${failure.code}: ${failure.message}${tried}${sight && ` · ${sight}`}`
}

/** What a result observed, in a few words. */
function seen({ kind, observed }: ProbeResult): string {
  const parts = { http: seenHttp, tls: seenTls, tcp: seenTcp, dns: seenDns }[kind](observed as never)
  return parts.filter(Boolean).join(', ')
}

type Parts = (string | false | undefined)[]

function seenHttp({ statusCode, httpVersion, ip, bodyBytes, redirects, certificate }: HttpObserved): Parts {
  return [
    statusCode !== undefined && `${statusCode}`,
    httpVersion && `HTTP/${httpVersion}`,
    ip,
    bodyBytes !== undefined && count(bodyBytes, 'byte'),
    redirects ? count(redirects, 'redirect') : undefined,
    certificate && certificateDays(certificate.daysRemaining),
  ]
}

function seenTls({ version, cipher, ip, certificate }: TlsObserved): Parts {
  return [version, cipher, ip, certificate?.subject, certificate && certificateDays(certificate.daysRemaining)]
}

function seenTcp({ ip, received, certificate }: TcpObserved): Parts {
  const said = received && JSON.stringify(received.length > 60 ? `${received.slice(0, 60)}…` : received)
  return [ip, said && `heard ${said}`, certificate && certificateDays(certificate.daysRemaining)]
}

function seenDns({ rcode, answers, server, serial }: DnsObserved): Parts {
  return [rcode, answers?.slice(0, 4).join(' '), serial !== undefined && `serial ${serial}`, server && `from ${server}`]
}

function certificateDays(days: number): string {
  return days < 0 ? `certificate expired ${Math.ceil(-days)} d ago` : `certificate ${Math.floor(days)} d`
}

/** Where the time went: each phase has letters in proportion, and at least one where it took any time. */
function phaseBar(phases: Phases): string {
  const entries = (Object.keys(phaseStyle) as (keyof Phases)[]).flatMap((phase) => {
    const ms = phases[phase]
    return ms === undefined || ms <= 0 ? [] : [{ phase, ms }]
  })
  const total = entries.reduce((sum, { ms }) => sum + ms, 0)
  const room = barWidth - entries.length
  let shared = 0
  let used = 0
  return entries
    .map(({ phase, ms }) => {
      shared += ms
      const extra = Math.round((shared / total) * room) - used
      used += extra
      const { letter, style } = phaseStyle[phase]
      return styleText(style, letter.repeat(1 + extra))
    })
    .join('')
}

function summary(service: string, results: ProbeResult[]): string {
  const counts = (Object.keys(statusStyle) as Status[])
    .map((status) => ({ status, number: results.filter((result) => result.status === status).length }))
    .filter(({ number }) => number > 0)
    .map(({ status, number }) => styleText(statusStyle[status].style, `${number} ${status}`))
  const legend = styleText('dim', 'phases: r resolve · c connect · t tls · p processing · x transfer')
  return `${service}: ${counts.join(', ')}\n${legend}`
}
