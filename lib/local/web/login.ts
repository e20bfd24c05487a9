import type { IncomingMessage } from 'node:http'
import { type Answer, answer, HttpError } from './answer.ts'
import { isSame, sessionCookie } from './guard.ts'
import { isPage } from './routing.ts'

const longestForm = 4096
const formWithinMs = 5000

/** Wrong tokens that are listened to in a minute, from everyone together. */
const mostWrong = 10
/** Forms that are read at once: slow ones must not keep everybody else waiting. */
const mostReading = 4
const minuteMs = 60_000

interface Form {
  /** A path on this server. */
  stylesheet: string
  /** The page to go to then. */
  to: string
  problem?: string
}

/** A page that asks for the token: it needs no script. */
function form({ stylesheet, to, problem = '' }: Form): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Vedette: log in</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${stylesheet}">
</head>
<body>
<main class="login">
<h1>Vedette</h1>
<form method="post" action="${loginPath(to)}">
<label for="token">Token, as given to <code>--token</code></label>
<input id="token" name="token" type="password" required autofocus autocomplete="current-password">
<button>Log in</button>
</form>
<p role="alert">${problem}</p>
</main>
</body>
</html>
`
}

/** Where one logs in who wanted to see a page. */
export function loginPath(to: string): string {
  return to === '/' ? '/login' : `/login?to=${encodeURIComponent(to)}`
}

/** The page that was wanted: one of ours, and else the start. */
function wantedPage({ url = '' }: IncomingMessage): string {
  const ours = 'http://localhost'
  const to = URL.parse(new URL(url, ours).searchParams.get('to') ?? '/', ours)
  return to?.origin === ours && isPage(to.pathname) ? to.pathname + to.search : '/'
}

/** Answers /login: a form, and in exchange for the token a cookie. The token is never part of a URL. */
export function createLogin(token: string | undefined, stylesheet: () => Promise<string>) {
  let wrongAtMs: number[] = []
  let reading = 0
  return async (request: IncomingMessage): Promise<Answer> => {
    const to = wantedPage(request)
    const page = async (status: number, problem = '') => {
      const html = form({ stylesheet: await stylesheet(), to, problem })
      return answer('text/html; charset=utf-8', html, { status, cacheControl: 'no-store' })
    }
    if (token === undefined) return goTo(to)
    if (request.method !== 'POST') return page(200)
    // A page of another site must not log anyone in, or try tokens from the browsers of others.
    const site = request.headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      throw new HttpError(403, `expected the form of this site, got a request from ${site}`)
    // A clock that is set neither lets anyone try more, nor keeps anyone out for longer.
    const nowMs = performance.now()
    wrongAtMs = wrongAtMs.filter((atMs) => nowMs - atMs < minuteMs)
    if (wrongAtMs.length >= mostWrong) return page(429, 'Too many wrong tokens: try again in a minute.')
    if (reading >= mostReading) return page(429, 'Too many log in at once: try again.')
    reading++
    const body = await bodyOf(request).finally(() => reading--)
    const given = new URLSearchParams(body).get('token') ?? ''
    if (isSame(given, token)) return goTo(to, sessionCookie(token))
    wrongAtMs.push(nowMs)
    return page(401, 'This is not the token.')
  }
}

function goTo(page: string, cookie?: string): Answer {
  const headers = { location: page, ...(cookie && { 'set-cookie': cookie }) }
  return answer('text/plain; charset=utf-8', `See ${page}\n`, { status: 303, headers, cacheControl: 'no-store' })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const timer = setTimeout(() => request.destroy(), formWithinMs)
  try {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) {
      text += chunk
      if (text.length > longestForm) throw new HttpError(413, `expected a form of at most ${longestForm} characters`)
    }
    return text
  } finally {
    clearTimeout(timer)
  }
}
