export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

/**
 * Reads Prometheus's text format, version 0.0.4, as strictly as it is written down
 * (prometheus.io/docs/instrumenting/exposition_formats): throws for anything else, and for what Prometheus itself refuses:
 * a family in two places, a type that comes late or twice, the same series twice, no line feed at the end.
 */
export function parseMetrics(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed')
  const samples: Sample[] = []
  const types = new Map<string, string>()
  const [closed, series] = [new Set<string>(), new Set<string>()]
  let family = ''
  const enter = (name: string) => {
    if (name === family) return
    if (closed.has(name)) throw new Error(`${name} stands in two places`)
    closed.add(family)
    family = name
  }
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line)
    if (comment) {
      const [, what, name = '', rest = ''] = comment
      enter(name)
      if (what === 'TYPE' && (types.has(name) || !/^(counter|gauge)$/.test(rest)))
        throw new Error(`wrong type: ${line}`)
      if (what === 'TYPE') types.set(name, rest)
      continue
    }
    const sample = parseSample(line)
    enter(sample.name)
    if (!types.has(sample.name)) throw new Error(`no type before ${line}`)
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
    if (series.has(key)) throw new Error(`twice: ${line}`)
    series.add(key)
    samples.push(sample)
  }
  return samples
}

function parseSample(line: string): Sample {
  const [, name = '', list = '', number = ''] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? []
  if (name === '' || !/^-?(\d+(\.\d+)?(e[+-]?\d+)?|Inf)$|^NaN$/.test(number)) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  let rest = list
  while (rest !== '') {
    const [whole = '', label = '', value = ''] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/.exec(rest) ?? []
    if (whole === '') throw new Error(`no labels: ${rest}`)
    if (label in labels) throw new Error(`${label} twice: ${line}`)
    labels[label] = value.replace(/\\([\\"n])/g, (_, character) => (character === 'n' ? '\n' : character))
    rest = rest.slice(whole.length)
  }
  return { name, labels, value: Number(number) }
}
