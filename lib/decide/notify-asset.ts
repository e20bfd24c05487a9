import type { Config } from '../model/config.ts'
import type { Named } from '../model/event.ts'
import type { Route } from '../model/route.ts'
import { type AlarmMeaning, alarmMeanings } from './alarm-meanings.ts'
import { consoleLinks } from './console-links.ts'
import { namespaceOf, notifyName, probeName } from './names.ts'
import type { MonitorRule, NotifyRules } from './notice.ts'
import { allRoutes, notifyRulesOf } from './notify-config.ts'

/** What the notify function of a controller region is told, as JSON beside its code. Holds references to secrets. */
export interface NotifyAsset extends Named {
  region: string
  namespace: string
  table: string
  /** Regions of the other controllers. */
  peers: string[]
  /** Home speaks; a standby only while home is silent. */
  isHome: boolean
  routes: Route[]
  rules: Omit<NotifyRules, 'monitors'> & { monitors: MonitorRule[] }
  /** What each alarm of this region means, by its name. */
  alarms: Record<string, AlarmMeaning>
  /** Records of the failovers, by their ids. */
  records: Record<string, string>
  /** Where results are logged. */
  vantages: { id: string; region: string; logGroup: string }[]
}

/** How long messages are gathered before the function is called with them; its rules need not wait again. */
export const gatherSeconds = 1

/** What the notify function of a controller region needs of a config. */
export function notifyAssetOf(config: Config, region: string): NotifyAsset {
  const { service, env, controllers, failovers, vantages } = config
  const isHome = region === controllers[0]
  const { monitors, ...rules } = notifyRulesOf(config, { isStandby: !isHome })
  return {
    ...{ service, ...(env !== undefined && { env }), region, isHome },
    ...{ namespace: namespaceOf(config), table: notifyName(config) },
    peers: controllers.filter((one) => one !== region),
    routes: allRoutes(config),
    rules: {
      ...rules,
      links: { ...consoleLinks(config), ...rules.links },
      gatherMs: 0,
      isUnordered: true,
      monitors: [...monitors.values()],
    },
    alarms: alarmMeanings(config, region),
    records: Object.fromEntries(failovers.map(({ id, record }) => [id, record])),
    vantages: vantages.map((vantage) => {
      return { id: vantage.id, region: vantage.region, logGroup: `/aws/lambda/${probeName(config, vantage.id)}` }
    }),
  }
}

/** The event that the schedule sends to the notify function every minute. */
export interface NotifyTick {
  do: 'tick'
}
