import { createHmac } from 'node:crypto'
import type { Notice } from '../decide/notice.ts'
import { cut, oneLine } from '../decide/plain.ts'
import { pagerDutyCall } from '../decide/render-pagerduty.ts'
import { slackMessage } from '../decide/render-slack.ts'
import { webhookBody } from '../decide/render-webhook.ts'
import type { Route } from '../model/route.ts'
import { type Limit, type Posted, post } from './notify-post.ts'
import { publishTo } from './notify-sns.ts'

/** What came of one attempt: `refused` would be refused again, `failed` may go well later. */
export type Attempt =
  | { kind: 'accepted'; ref?: string }
  | { kind: 'refused'; reason: string }
  | { kind: 'failed'; reason: string; retryAfterMs?: number }

type Kind<K extends Route['kind']> = Extract<Route<string>, { kind: K }>

/** Tells one route of one notice, once; its secrets have been read. Never rejects. */
export function attempt(route: Route<string>, notice: Notice, limit: Limit): Promise<Attempt> {
  if (route.kind === 'pagerduty') return toPagerDuty(route, notice, limit)
  if (route.kind === 'webhook') return toWebhook(route, notice, limit)
  if (route.kind === 'sns') return publishTo(route.topicArn, notice, limit)
  return 'webhook' in route ? toSlackHook(route.webhook, notice, limit) : toSlackBot(route, notice, limit)
}

async function toPagerDuty({ url, routingKey }: Kind<'pagerduty'>, notice: Notice, limit: Limit): Promise<Attempt> {
  const { path, body } = pagerDutyCall(notice, routingKey)
  return judged(await post(`${url.replace(/\/$/, '')}${path}`, JSON.stringify(body), {}, limit), [routingKey])
}

/** The signature is over the time and the body, so that nobody can send an old message again (docs/notifications.md). */
async function toWebhook({ url, secret }: Kind<'webhook'>, notice: Notice, limit: Limit): Promise<Attempt> {
  const body = JSON.stringify(webhookBody(notice))
  const timestamp = String(Math.floor(Date.now() / 1000))
  const headers = {
    'vedette-timestamp': timestamp,
    ...(secret !== undefined && { 'vedette-signature': `v1=${signatureOf(secret, timestamp, body)}` }),
  }
  return judged(await post(url, body, headers, limit), [...partsOf(url), ...(secret ? [secret] : [])])
}

/** Hex of HMAC-SHA256 with the secret over `<timestamp>.<body>`. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
}

async function toSlackHook(webhook: string, notice: Notice, limit: Limit): Promise<Attempt> {
  return judged(await post(webhook, JSON.stringify(slackMessage(notice)), {}, limit), partsOf(webhook))
}

type Bot = Extract<Kind<'slack'>, { token: string }>

/**
 * The first message is kept true: it is edited when something changes and when it is over. Ends and reminders are also said in
 * its thread, because nobody is notified of an edit. A sign of life only proves the token: a message would be noise.
 */
async function toSlackBot({ url, token, channel }: Bot, notice: Notice, limit: Limit): Promise<Attempt> {
  const call = async (method: string, body: object): Promise<Attempt> => {
    const headers = { authorization: `Bearer ${token}` }
    const posted = await post(`${url.replace(/\/$/, '')}/${method}`, JSON.stringify(body), headers, limit)
    return judgedBySlack(posted, token)
  }
  const message = { channel, ...slackMessage(notice) }
  const quiet = { unfurl_links: false, unfurl_media: false }
  const { ref, action, event } = notice
  const say = (more: { thread_ts?: string } = {}) => call('chat.postMessage', { ...message, ...quiet, ...more })
  if (event.type === 'route.heartbeat' && !event.test) return call('auth.test', {})
  if (ref === undefined) return say()
  if (action === 'close' || action === 'update') {
    const edited = await call('chat.update', { ...message, ts: ref })
    if (isOf(gone, edited)) return say()
    if (!isOf(fixed, edited) && (edited.kind !== 'accepted' || action === 'update')) return edited
  }
  const reply = await say({ thread_ts: ref })
  if (isOf(gone, reply)) return say()
  // The alert stays with its first message: a reply can be neither edited in its place nor answered.
  return reply.kind === 'accepted' ? { kind: 'accepted' } : reply
}

/** The message was deleted: what there is to say is said anew (https://docs.slack.dev/reference/methods/chat.update#errors). */
const gone = /^(message_not_found|thread_not_found|cannot_reply_to_message)$/
/** It is there, and may not be edited any more: what there is to say is said in its thread. */
const fixed = /^(edit_window_closed|cant_update_message|is_inactive)$/

function isOf(errors: RegExp, outcome: Attempt): boolean {
  return outcome.kind === 'refused' && errors.test(outcome.reason)
}

/** Errors of Slack's own that may pass (https://docs.slack.dev/reference/methods/chat.postMessage#errors). */
const passing =
  /^(ratelimited|rate_limited|internal_error|fatal_error|service_unavailable|request_timeout|team_added_to_org|update_failed)$/

function judgedBySlack(posted: Posted, token: string): Attempt {
  const judgement = judged(posted, [token])
  if (judgement.kind !== 'accepted' || 'failed' in posted) return judgement
  const answer = parsed(posted.text) as { ok?: boolean; error?: string; ts?: string } | undefined
  if (answer?.ok === true) return { kind: 'accepted', ...(typeof answer.ts === 'string' && { ref: answer.ts }) }
  const error = oneLine(String(answer?.error ?? 'no answer that can be read'))
  const reason = cut(withoutSecrets(error, [token]), longestReason)
  const { retryAfterMs } = posted
  if (answer && !passing.test(error)) return { kind: 'refused', reason }
  return { kind: 'failed', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

const longestReason = 300

/** Answers that say nothing against what was sent (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4). */
const tryLater = new Set([408, 425, 429])

function judged(posted: Posted, secrets: readonly string[]): Attempt {
  if ('failed' in posted) return { kind: 'failed', reason: posted.failed }
  const { status, text, retryAfterMs } = posted
  if (status >= 200 && status < 300) return { kind: 'accepted' }
  const said = withoutSecrets(oneLine(text), secrets)
  const reason = cut(`${status}${said === '' ? '' : `: ${said}`}`, longestReason)
  if (status < 500 && !tryLater.has(status)) return { kind: 'refused', reason }
  return { kind: 'failed', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** What a peer says, which may echo what it was sent. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text)
}

/** An address that is a secret, and what of it a peer may say: most know their own path alone. */
function partsOf(address: string): string[] {
  const { pathname, search, searchParams } = new URL(address)
  const parts = [...pathname.split('/'), ...searchParams.values()].filter((part) => part.length >= leastSecret)
  return [address, `${pathname}${search}`, ...parts].filter((part) => part !== '/')
}

const leastSecret = 6

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
