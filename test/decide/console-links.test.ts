import { expect, test } from 'vitest'
import { consoleLinks } from '../../lib/decide/console-links.ts'
import { notifyAssetOf } from '../../lib/decide/notify-asset.ts'
import { parseConfig } from '../../lib/model/parse-config.ts'
import { deployableConfig } from '../support/deployable-config.ts'

const config = (notify: object) => parseConfig({ ...deployableConfig(), notify })

test('messages lead to home’s dashboard, and to a query over what the first vantage logged of the monitor', () => {
  const { dashboard, logs = '' } = consoleLinks(config({}))
  expect(dashboard).toBe(
    'https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2#dashboards/dashboard/vedette-shop-staging',
  )
  expect(logs).not.toMatch(/[\s"|<>!]/)
  expect(URL.canParse(logs)).toBe(true)
  const shown = decodeURIComponent(logs.replaceAll('*', '%'))
  expect(shown).toMatch(
    /^https:\/\/us-east-1\.console\.aws\.amazon\.com\/.*#logsV2:logs-insights\$3FqueryDetail\$3D~\(/,
  )
  expect(shown).toContain('| filter monitor = "{monitor}" and status != "up"')
  expect(shown).toContain("~source~(~'/aws/lambda/vedette-shop-staging-")
})

test('links of the config come before them', () => {
  const its = config({ links: { dashboard: 'https://d.example.com/' } })
  const { links } = notifyAssetOf(its, 'us-west-2').rules
  expect([links.dashboard, links.logs]).toEqual(['https://d.example.com/', consoleLinks(its).logs])
})
