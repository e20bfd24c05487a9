import { z } from 'zod'
import { type FaultyServer, faultyServer, type Received } from './faulty-server.ts'

const text = (most: number) =>
  z.strictObject({
    type: z.enum(['mrkdwn', 'plain_text']),
    text: z.string().min(1).max(most),
    verbatim: z.boolean().optional(),
  })
/** https://docs.slack.dev/reference/block-kit/blocks */
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('section'), text: text(3000) }),
  z.strictObject({ type: z.literal('context'), elements: z.array(text(3000)).min(1).max(10) }),
  z.strictObject({ type: z.literal('header'), text: text(150) }),
])
const message = z.strictObject({
  ...{ text: z.string().min(1).max(4000), blocks: z.array(block).min(1).max(50) },
  ...{ unfurl_links: z.boolean().optional(), unfurl_media: z.boolean().optional() },
})
const posted = message.extend({ channel: z.string(), thread_ts: z.string().optional() })
const updated = message.omit({ unfurl_links: true, unfurl_media: true }).extend({ channel: z.string(), ts: z.string() })

const longestInAll = 9600

/** What Slack would refuse of a message; nothing if it would take it. */
export function slackProblem(body: unknown, shape: z.ZodType = message): string | undefined {
  const parsed = shape.safeParse(body)
  if (!parsed.success) return `invalid_blocks: ${z.prettifyError(parsed.error)}`
  const texts = z
    .object({ blocks: z.array(block) })
    .parse(body)
    .blocks.flatMap((one) => ('elements' in one ? one.elements : one.text))
  const all = texts.reduce((sum, one) => sum + one.text.length, 0)
  return all > longestInAll ? 'msg_blocks_too_long' : undefined
}

export interface SlackPost {
  ts: string
  text: string
  thread?: string
  edits: string[]
}

export interface Slack extends FaultyServer {
  webhook: string
  posts: SlackPost[]
  /** What it says to edits, if it takes none. */
  editProblem?: string
}

/** JSON as Slack writes it: in ASCII alone. */
function escaped(answer: object): string {
  return JSON.stringify(answer).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A server that speaks the contract of Slack's incoming webhooks and of `chat.postMessage` and `chat.update`. */
export async function startSlack({ token = 'xoxb-1', channel = 'C0123456789' } = {}): Promise<Slack> {
  const posts: SlackPost[] = []
  const hook = '/services/T000/B000/secretsecret'
  const post = (body: { text: string; thread_ts?: string }) => {
    const ts = `${1_700_000_000 + posts.length}.000100`
    posts.push({ ts, text: body.text, ...(body.thread_ts !== undefined && { thread: body.thread_ts }), edits: [] })
    return ts
  }
  const api = ({ path, json, headers }: Received) => {
    const refuse = (error: string) => ({ status: 200, body: { ok: false, error } })
    const body = json as { channel: string; text: string; ts: string; thread_ts?: string }
    if (headers.authorization !== `Bearer ${token}`) return refuse('invalid_auth')
    if (path === '/api/auth.test') return { status: 200, body: { ok: true } }
    const isUpdate = path === '/api/chat.update'
    const problem = slackProblem(json, isUpdate ? updated : posted)
    if (problem !== undefined) return refuse(problem)
    if (body.channel !== channel) return refuse('channel_not_found')
    const parent = posts.find(({ ts }) => ts === body.thread_ts)
    if (!isUpdate && body.thread_ts !== undefined && (!parent || parent.thread)) return refuse('thread_not_found')
    if (!isUpdate) {
      const ts = post(body)
      return { status: 200, body: escaped({ ok: true, channel, ts, message: { type: 'message', ...body, ts } }) }
    }
    if (slack.editProblem !== undefined) return refuse(slack.editProblem)
    const before = posts.find(({ ts }) => ts === body.ts)
    if (!before) return refuse('message_not_found')
    before.edits.push(body.text)
    return { status: 200, body: escaped({ ok: true, channel, ts: body.ts, message: { type: 'message', ...body } }) }
  }
  const server = await faultyServer((received) => {
    if (received.path.startsWith('/api/')) return api(received)
    if (received.path !== hook) return { status: 404, body: 'no_service' }
    const problem = slackProblem(received.json)
    if (problem !== undefined) return { status: 400, body: problem }
    post(received.json as { text: string })
    return { status: 200, body: 'ok' }
  })
  const slack: Slack = Object.assign(server, { webhook: `${server.url}${hook}`, posts })
  return slack
}
