import type { Config } from '../model/config.ts'
import type { Links } from '../model/route.ts'
import { prefixOf, probeName } from './names.ts'

const failures = `fields @timestamp, vantage, status, failure.code, failure.stage, failure.message
| filter monitor = "{monitor}" and status != "up"
| sort @timestamp desc
| limit 100`

const lookBackSeconds = 3600

/** Pages of the AWS console for messages, where the config names none of its own: home's dashboard, and what the first vantage logged. */
export function consoleLinks(config: Pick<Config, 'service' | 'env' | 'controllers' | 'vantages'>): Links {
  const [home] = config.controllers
  const [vantage] = config.vantages
  return {
    ...(home !== undefined && { dashboard: page(home, `dashboards/dashboard/${prefixOf(config)}`) }),
    ...(vantage && {
      logs: page(vantage.region, queryOf(failures, `/aws/lambda/${probeName(config, vantage.id)}`)),
    }),
  }
}

function page(region: string, place: string): string {
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#${place}`
}

/** A query of Logs Insights in the way that the console writes it into its own address. */
function queryOf(query: string, logGroup: string): string {
  const detail = `end~0~start~-${lookBackSeconds}~timeType~'RELATIVE~unit~'seconds~editorString~'${starred(query)}~source~(~'${starred(logGroup)})`
  return `logsV2:logs-insights$3FqueryDetail$3D~(${detail})`
}

/** Percent-encoded, with what the syntax around it uses, and with stars for percents; the name of a monitor is put in later, and needs none. */
function starred(text: string): string {
  const left = (char: string) => `%${char.charCodeAt(0).toString(16)}`
  const encoded = encodeURIComponent(text).replace(/[!'()~*]/g, left)
  return encoded.replaceAll('%', '*').replace('*7Bmonitor*7D', '{monitor}')
}
