import type { Config } from '../model/config.ts'

type Named = Pick<Config, 'service' | 'env'>

/** What every name in AWS begins with: `vedette-shop`, or `vedette-shop-staging` where the config has an `env`. */
export function prefixOf({ service, env }: Named): string {
  return ['vedette', service, ...(env === undefined ? [] : [env])].join('-')
}

/**
 * Where metrics go. An environment has a namespace of its own, so that staging never votes on production. Services of one
 * account without one share monitors of the same id, heartbeats (of vantages and of controllers) and certificates.
 */
export function namespaceOf({ env }: Pick<Config, 'env'>): string {
  return env === undefined ? 'Vedette' : `Vedette/${env}`
}

/** The name of a vantage's stack, of its probe function and of its schedule group. */
export function probeName(config: Named, vantage: string): string {
  return `${prefixOf(config)}-probe-${vantage}`
}

/** The name of the function that probes for a decision, at a vantage. */
export function probeNowName(config: Named, vantage: string): string {
  return `${prefixOf(config)}-probe-now-${vantage}`
}

/** The name of the function that decides, and of the table that it keeps its memory in: the same in each controller region. */
export function failoverName(config: Named): string {
  return `${prefixOf(config)}-failover`
}

/** The name of the function that tells people, and of the table that it keeps what it told in: the same in each controller region. */
export function notifyName(config: Named): string {
  return `${prefixOf(config)}-notify`
}

/** The name of the queue between a topic and the notify function, or of the one for what could not be taken in. */
export function queueName(config: Named, list: 'page' | 'ticket', dead?: 'dead'): string {
  return [notifyName(config), list, ...(dead ? [dead] : [])].join('-')
}

/** The name of a controller region's stack: topics, what tells people, alarms over vantages and certificates, and at home the dashboard. */
export function controlName(config: Named, region: string): string {
  return `${prefixOf(config)}-control-${region}`
}

/** The name of a controller region's stack with the failover function, its table and its role. */
export function failoverStackName(config: Named, region: string): string {
  return `${failoverName(config)}-${region}`
}

/** The name of the stack with the records and the health checks of failovers that move by them; there is one, at home. */
export function recordsName(config: Named): string {
  return `${prefixOf(config)}-records`
}

/** The name of a stack with the alarms of some monitors. */
export function alarmsName(config: Named, region: string, shard: string): string {
  return `${prefixOf(config)}-alarms-${region}-${shard}`
}

/** The name of a topic in a controller region, or (`ticket` only) in a vantage's region. */
export function topicName(config: Named, severity: 'page' | 'ticket', vantage?: string): string {
  return [prefixOf(config), severity, ...(vantage === undefined ? [] : [vantage])].join('-')
}

/** Questions to the logs that are saved in every vantage's region. */
export type QueryName = 'failures' | 'latency' | 'changes' | 'certificates'

/** The name of a saved query; the console shows its parts as folders, and each vantage has its own. */
export function queryName(config: Named, query: QueryName, vantage: string): string {
  return `${prefixOf(config)}/${query}/${vantage}`
}
