/*
 * As much of CloudWatch's metric math as our alarms use, for one point in time
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html): numbers, ids, + - * /, comparisons,
 * AND, OR, IF(condition, then, else), parentheses. Anything else is an error, as it would be there.
 */

/** The value of an expression, conditions being 1 and 0. */
export function evaluate(expression: string, values: Record<string, number>): number {
  const tokens =
    expression.match(/\s*(?:\d+(?:\.\d+)?|[A-Za-z_]\w*|>=|<=|==|[-+*/()<>,])/g)?.map((token) => token.trim()) ?? []
  if (tokens.join('') !== expression.replaceAll(/\s/g, '')) throw new Error(`cannot be read: ${expression}`)
  let at = 0
  const accept = (...texts: string[]) => (texts.includes(tokens[at] ?? '') ? tokens[at++] : undefined)
  const need = (text: string) => {
    if (!accept(text)) throw new Error(`expected ${text}, got ${tokens[at] ?? 'the end'} in ${expression}`)
  }
  const chain = (next: () => number, operators: Record<string, (a: number, b: number) => number>) => () => {
    let value = next()
    for (let operator = accept(...Object.keys(operators)); operator; operator = accept(...Object.keys(operators)))
      value = operators[operator]?.(value, next()) ?? Number.NaN
    return value
  }
  const primary = (): number => {
    if (accept('(')) {
      const value = either()
      need(')')
      return value
    }
    if (accept('IF')) {
      need('(')
      const condition = either()
      need(',')
      const yes = either()
      need(',')
      const no = either()
      need(')')
      return condition ? yes : no
    }
    const token = tokens[at++] ?? 'the end'
    const value = /^\d/.test(token) ? Number(token) : values[token]
    if (value === undefined) throw new Error(`unknown: ${token} in ${expression}`)
    return value
  }
  const flag = (value: boolean) => (value ? 1 : 0)
  const product = chain(primary, { '*': (a, b) => a * b, '/': (a, b) => a / b })
  const sum = chain(product, { '+': (a, b) => a + b, '-': (a, b) => a - b })
  const comparison = chain(sum, {
    '>=': (a, b) => flag(a >= b),
    '<=': (a, b) => flag(a <= b),
    '>': (a, b) => flag(a > b),
    '<': (a, b) => flag(a < b),
  })
  const both = chain(comparison, { AND: (a, b) => flag(a !== 0 && b !== 0) })
  const either: () => number = chain(both, { OR: (a, b) => flag(a !== 0 || b !== 0) })
  const value = either()
  if (at < tokens.length) throw new Error(`what is ${tokens[at]} in ${expression}?`)
  return value
}
