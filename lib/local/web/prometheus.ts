export type Labels = Readonly<Record<string, string>>

interface Family {
  type: 'gauge' | 'counter'
  help: string
  lines: string[]
}

/** Labels as text, made once where many metrics have them. */
export class Prepared {
  readonly text: string

  constructor(labels: Labels, before?: Prepared) {
    const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
    this.text = [...(before ? [before.text] : []), ...pairs].join(',')
  }
}

/** Metrics in Prometheus's text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
export class MetricFamilies {
  readonly #families = new Map<string, Family>()

  gauge(name: string, help: string, labels: Labels | Prepared, value: number): void {
    this.#add('gauge', name, help, labels, value)
  }

  counter(name: string, help: string, labels: Labels | Prepared, value: number): void {
    this.#add('counter', name, help, labels, value)
  }

  /** All lines of a family stand together, under its help and its type. */
  text(): string {
    const blocks = [...this.#families].map(([name, { type, help, lines }]) => {
      return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${lines.join('')}`
    })
    return blocks.join('')
  }

  #add(type: Family['type'], name: string, help: string, labels: Labels | Prepared, value: number): void {
    let family = this.#families.get(name)
    if (!family) {
      family = { type, help, lines: [] }
      this.#families.set(name, family)
    }
    const { text } = labels instanceof Prepared ? labels : new Prepared(labels)
    family.lines.push(`${name}${text === '' ? '' : `{${text}}`} ${value}\n`)
  }
}

/** Backslash, quote and line feed are all that the format escapes; what is no Unicode would make the whole answer unreadable. */
function escaped(text: string): string {
  return text.toWellFormed().replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
