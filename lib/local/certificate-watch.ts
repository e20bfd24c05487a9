import { certificateAlarm } from '../decide/alarms.ts'
import { tellsCertificate } from '../decide/probe-asset.ts'
import type { Config } from '../model/config.ts'
import type { VedetteEvent } from '../model/event.ts'
import type { ProbeResult } from '../model/result.ts'

/**
 * Tells of certificates that end soon: in fewer days than the alarm of AWS would say, of monitors that have no assertion of
 * their own about it, because those say so themselves.
 */
export class CertificateWatch {
  readonly #config: Config
  readonly #tell: (event: VedetteEvent) => void
  readonly #days: number
  readonly #watched: ReadonlySet<string>
  readonly #expiring = new Set<string>()
  readonly #seen = new Set<string>()

  constructor(config: Config, tell: (event: VedetteEvent) => void) {
    this.#config = config
    this.#tell = tell
    this.#days = certificateAlarm(config)?.threshold ?? 0
    this.#watched = new Set(config.monitors.filter(tellsCertificate).map(({ id }) => id))
  }

  take({ monitor, observed, startedAt }: ProbeResult): void {
    const certificate = 'certificate' in observed ? observed.certificate : undefined
    if (!certificate || !this.#watched.has(monitor)) return
    const { service, env } = this.#config
    const head = { service, ...(env !== undefined && { env }), atMs: Date.parse(startedAt), monitor }
    const { daysRemaining, subject, validTo } = certificate
    if (daysRemaining >= this.#days) {
      // After a restart nobody here knows what was told; to end what is not open does nothing.
      if (this.#expiring.delete(monitor) || !this.#seen.has(monitor))
        this.#tell({ ...head, type: 'certificate.renewed' })
    } else if (!this.#expiring.has(monitor)) {
      this.#expiring.add(monitor)
      const detail = `it ends ${validTo}, in fewer than ${this.#days} days`
      this.#tell({ ...head, type: 'certificate.expiring', subject, daysRemaining, detail })
    }
    this.#seen.add(monitor)
  }
}
