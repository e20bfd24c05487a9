import type { QueryName } from '../decide/names.ts'

/**
 * Questions to the log of a vantage, in the language of CloudWatch Logs Insights
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html). A line is one result: see
 * lib/decide/result-line.ts for its fields.
 */
export const queries: Record<QueryName, string> = {
  failures: `fields @timestamp, monitor, status, failure.code, failure.stage, failure.message, attempts
| filter status in ["down", "unknown"]
| sort @timestamp desc
| limit 200`,
  latency: `filter ispresent(durationMs) and status in ["up", "degraded"]
| stats count(*) as results, pct(durationMs, 50) as p50, pct(durationMs, 95) as p95, max(durationMs) as worst,
    avg(phases.resolve) as resolve, avg(phases.connect) as connect, avg(phases.tls) as tls,
    avg(phases.processing) as processing, avg(phases.transfer) as transfer by monitor
| sort p95 desc
| limit 200`,
  changes: `fields @timestamp, monitor, was, status, failure.code, failure.message
| filter ispresent(was)
| sort @timestamp desc
| limit 200`,
  certificates: `filter ispresent(certificateDays) or ispresent(observed.certificate.daysRemaining)
| fields coalesce(certificateDays, observed.certificate.daysRemaining) as days
| stats min(days) as daysRemaining, latest(observed.certificate.subject) as subject by monitor
| sort daysRemaining asc
| limit 200`,
}
