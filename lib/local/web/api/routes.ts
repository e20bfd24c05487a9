/*
 * What the dashboard's server answers, and what its stream of events says: a file a page. The pages, the tests and other
 * people's programs build on these shapes: they are extended, never broken. These files hold types and the list of routes,
 * nothing else, so that the pages may import them.
 *
 * Times are milliseconds since 1970 (`…Ms`), durations milliseconds with fractions, ranges [fromMs, toMs). Texts come from
 * monitored sites: they are data, and whoever shows them escapes them.
 */

/** Every route, by name; `:id` is a monitor's or an incident's id, percent-encoded. All are read with GET or HEAD. */
export const routes = {
  /** `Overview`; with `?ids=a,b` the rows of these monitors only. */
  overview: '/api/overview',
  /** `MonitorPage`. */
  monitor: '/api/monitors/:id',
  /** `MonitorSeries`; `?from=…&to=…` in milliseconds, by default the last 24 hours; at most 31 days. */
  series: '/api/monitors/:id/series',
  /** `FailoversPage`. */
  failovers: '/api/failovers',
  /** `IncidentList`; `?from=…&to=…` (by default the last 30 days), `?monitor=…`, `?limit=…` (at most 200). */
  incidents: '/api/incidents',
  /** `IncidentPage`. */
  incident: '/api/incidents/:id',
  /** The same as Markdown, for a post-mortem: a download. */
  incidentMarkdown: '/api/incidents/:id/markdown',
  /** Server-sent events; see `StreamEvents`. `?after=<event id>` starts after that event, as does `Last-Event-ID`. */
  events: '/api/events',
  /** SVG: a monitor's state; `?show=uptime` (of 30 days) or `?show=latency` (of its last good run). */
  badge: '/badges/:id',
  /** Prometheus's text format. */
  metrics: '/metrics',
  /** `Health`: 200 while the engine runs, its history is written and people can be told, else 503. */
  healthz: '/healthz',
  /** `Health`: 200 while the engine runs, else 503: for what restarts it. */
  livez: '/livez',
} as const

/** Pages of the client; all of them are the same document. */
export const pages = ['/', '/monitors/:id', '/failovers', '/incidents', '/incidents/:id'] as const

/** What every error answers, with its status: 400, 401, 403, 404, 405, 413, 421, 429, 500 or 503. */
export interface ApiError {
  /** What was expected, what was got, what to do. */
  error: string
}
