import { HttpError } from './answer.ts'
import { pages, routes } from './api/routes.ts'

/** What answers a path: a route of the API, or the page, which is the same for all of its paths. */
export type RouteName = keyof typeof routes | 'page'

const table: { name: RouteName; pattern: RegExp }[] = [
  ...(Object.entries(routes) as [keyof typeof routes, string][]).map(([name, route]) => {
    return { name, pattern: patternOf(route) }
  }),
  ...pages.map((page) => ({ name: 'page' as const, pattern: patternOf(page) })),
]

/** Whether a path is one of the client's pages. */
export function isPage(path: string): boolean {
  return table.some(({ name, pattern }) => name === 'page' && pattern.test(path))
}

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replace(':id', '([^/]+)')}$`)
}

/** The route of a path, and the id in it. Throws `HttpError` where there is none. */
export function findRoute(path: string): { name: RouteName; id: string } {
  for (const { name, pattern } of table) {
    const match = pattern.exec(path)
    if (match) return { name, id: decoded(match[1] ?? '') }
  }
  throw new HttpError(404, `nothing is at ${JSON.stringify(path)}: docs/api.md lists what there is`)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new HttpError(400, `expected a percent-encoded id, got ${JSON.stringify(text)}`)
  }
}
