import type { Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import { ProbeFailure } from './probe.ts'
import { isTlsError, tlsFailure } from './tls-handshake.ts'

/** What a peer may say before an expected answer; more is a flood. */
const maxHeardBytes = 64 * 1024
/** A line that has not ended is looked at when no more of it has come for this long: prompts end without a newline. */
const promptMs = 250

/** One side of a line-by-line talk over a socket, such as SMTP's. */
export class Conversation {
  #socket: Socket
  #signal: AbortSignal
  #decoder = new StringDecoder('utf8')
  /** The last of everything heard. */
  #heard = ''
  /** What was heard since the last answer that matched. */
  #pending = ''
  #ended: ProbeFailure | undefined
  #wake = () => {}

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket
    this.#signal = signal
    socket.on('data', this.#onData)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    socket.on('end', this.#onClose)
    signal.addEventListener('abort', this.#onAbort)
  }

  /** Sends text as it is. */
  say(text: string): void {
    this.#socket.write(text, 'utf8')
  }

  /** Waits for a line (or an unfinished prompt) that matches; gives the match. Rejects with what came instead. */
  async hear(pattern: string): Promise<RegExpExecArray> {
    const expression = new RegExp(pattern, 'm')
    for (;;) {
      const lineEnd = this.#pending.lastIndexOf('\n') + 1
      const match = this.#take(expression, lineEnd)
      if (match) return match
      const isPrompt = this.#pending.length > lineEnd
      if (isPrompt && !this.#over() && !(await this.#quiet(promptMs))) continue
      const prompt = this.#take(expression, this.#pending.length)
      if (prompt) return prompt
      if (this.#over()) throw this.#failure(pattern)
      await this.#more()
    }
  }

  /** Stops listening and gives everything that was heard; a second time nothing. */
  end(): string {
    this.#socket.off('data', this.#onData)
    this.#socket.off('error', this.#onError)
    this.#socket.off('close', this.#onClose)
    this.#socket.off('end', this.#onClose)
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#socket.pause()
    const heard = this.#heard
    this.#heard = ''
    return heard
  }

  #take(expression: RegExp, upTo: number): RegExpExecArray | undefined {
    const match = expression.exec(this.#pending.slice(0, upTo))
    if (!match) return undefined
    const lineEnd = this.#pending.indexOf('\n', match.index + match[0].length)
    this.#pending = lineEnd < 0 ? '' : this.#pending.slice(lineEnd + 1)
    return match
  }

  /** Whether nothing further can make an answer out of what came. */
  #over(): boolean {
    return this.#ended !== undefined || this.#signal.aborted || this.#pending.length > maxHeardBytes
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Whether nothing more came for so long. */
  async #quiet(ms: number): Promise<boolean> {
    const before = this.#pending
    const timer = setTimeout(() => this.#wake(), ms)
    await this.#more()
    clearTimeout(timer)
    return this.#pending === before
  }

  #onData = (chunk: Buffer) => {
    const text = this.#decoder.write(chunk)
    this.#heard = (this.#heard + text).slice(-maxHeardBytes)
    this.#pending += text
    this.#wake()
  }
  #onError = (error: Error) => {
    this.#ended ??= isTlsError(error)
      ? tlsFailure(error)
      : new ProbeFailure('TCP_CLOSED', 'transfer', `the connection broke: ${error.message}`, error)
    this.#wake()
  }
  #onClose = () => {
    this.#ended ??= new ProbeFailure('TCP_CLOSED', 'transfer', 'the peer closed the connection')
    this.#wake()
  }
  #onAbort = () => this.#wake()

  #failure(pattern: string): ProbeFailure {
    const ended = this.#ended
    if (ended?.stage === 'tls') return ended
    const end = ended ? ended.message : ''
    if (this.#pending !== '') {
      const got = `expected /${pattern}/, got ${this.#shown()}${end && `, then ${end}`}`
      return new ProbeFailure('TCP_DIALOG', 'transfer', got)
    }
    return ended
      ? new ProbeFailure('TCP_CLOSED', 'transfer', `expected /${pattern}/, but ${end}`)
      : new ProbeFailure('TCP_TIMEOUT', 'transfer', `expected /${pattern}/, got nothing in time`)
  }

  #shown(): string {
    const text = this.#pending.trimEnd()
    return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
  }
}

/** Replaces `${1}` and `${name}` by what the last answer's groups caught; an unknown one stays as it is. */
export function fillCaptures(text: string, captures: RegExpExecArray | undefined): string {
  return text.replace(
    /\$\{(\w+)\}/g,
    (whole, key: string) => captures?.[Number(key)] ?? captures?.groups?.[key] ?? whole,
  )
}
