import type { IncidentSummary } from '../api/incidents.ts'
import { span } from './format.ts'

/** How long it took, or that it goes on, and why. */
export function incidentText({ firstFailureMs, recovery, endUnknown, cause, muted }: IncidentSummary): string {
  const length = recovery
    ? `down for ${span(recovery.firstGoodMs - firstFailureMs)}`
    : endUnknown
      ? 'its end was not seen'
      : 'still down'
  return `${length}: ${cause.words}${muted ? ' (in maintenance)' : ''}`
}
