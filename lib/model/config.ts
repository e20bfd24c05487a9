import type { Failover } from './failover.ts'
import type { Monitor } from './monitor.ts'
import type { Overridable } from './overridable.ts'
import type { NotifySettings, Routes } from './route.ts'

/** A place that monitors are run from. */
export interface Vantage {
  id: string
  region: string
  vpcId?: string
  subnetIds?: string[]
  securityGroupIds?: string[]
  /** host:port targets; a vantage that reaches none of them at the moment of a failure has no vote. */
  selfCheck: string[]
}

/** A whole config, checked and complete: no default is left open. */
export interface Config {
  service: string
  vantages: Vantage[]
  controllers: string[]
  selfCheck: string[]
  /** Those of the config, then those of the failovers' endpoints. */
  monitors: Monitor[]
  failovers: Failover[]
  maxConcurrent: number
  /** Where people are told of what. */
  routes: Routes
  notify: NotifySettings
  /** DNS server for every name that is looked up; the machine's own where absent. */
  resolver?: string
  /** Name of the environment, such as `staging`; part of every stack's name. */
  env?: string
  /** Rules that do not hold here, by name, each with its reason. */
  allow: Partial<Record<Overridable, string>>
}
