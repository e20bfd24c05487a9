import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openHistory } from '../../lib/local/history.ts'
import { HistoryReader } from '../../lib/local/history-reader.ts'
import { mostWaiting } from '../../lib/local/history-writer.ts'
import { base, dayMs, keptLog, type LogLine, minutes, temporaryFolder } from '../support/history.ts'
import { httpResult } from '../support/results.ts'

const inFolder = () => path.join(temporaryFolder(), 'history.db')

async function opened(file = inFolder()) {
  const kept = keptLog()
  const history = await openHistory({ path: file, log: kept.log })
  onTestFinished(() => history.close())
  return { file, history, ...kept }
}

const upCount = (file: string, monitor = 'api') => {
  const reader = new HistoryReader(file)
  const { up } = reader.uptime(monitor, base, base + dayMs)
  reader.close()
  return up
}

describe('a history', () => {
  it('keeps results over a restart, in a folder that it makes', async () => {
    const file = path.join(temporaryFolder(), 'not', 'there', 'history.db')
    const first = await opened(file)
    for (const result of minutes('api', base, 10)) first.history.record(result)
    await first.history.close()
    const second = await opened(file)
    second.history.record(httpResult('api', base + 3_600_000))
    await second.history.flush()
    expect(second.history.read((reader) => reader.uptime('api', base, base + dayMs).up)).toBe(11)
    expect(second.history.status).toEqual({ path: file, waiting: 0, dropped: 0 })
    expect([...first.lines, ...second.lines]).toEqual([])
  })

  it('writes by itself, a moment after a result', async () => {
    const { file, history } = await opened()
    history.record(httpResult('api', base))
    await vi.waitUntil(() => history.status.waiting === 0, { timeout: 20_000 })
    expect(upCount(file)).toBe(1)
  })

  it('is refused to a second run, under any of its names, and can be read meanwhile', async () => {
    const { file, history } = await opened()
    history.record(httpResult('api', base))
    await history.flush()
    const words = `another "vedette run" holds the history ${file}: stop it, or name another file with --history`
    await expect(openHistory({ path: file, log: keptLog().log })).rejects.toThrow(words)
    const other = path.join(path.dirname(file), 'link.db')
    symlinkSync(file, other)
    await expect(openHistory({ path: other, log: keptLog().log })).rejects.toThrow('another "vedette run" holds')
    expect(upCount(file)).toBe(1)
    await history.close()
    await opened(file)
  })

  it('that cannot be made or is none is refused at the start, with what to do', async () => {
    const folder = temporaryFolder()
    const text = path.join(folder, 'notes.txt')
    writeFileSync(
      text,
      'no database, but much longer than a hundred bytes, so that SQLite reads its header. '.repeat(9),
    )
    const start = (file: string) => openHistory({ path: file, log: keptLog().log })
    await expect(start(text)).rejects.toThrow(
      /notes\.txt cannot be used: it is no SQLite file .*; move it away, or name/,
    )
    await expect(start(path.join(text, 'x', 'h.db'))).rejects.toThrow(/no folder can be made .*; name another file/)
    mkdirSync(path.join(folder, 'folder'))
    await expect(start(path.join(folder, 'folder'))).rejects.toThrow(/cannot be used: it cannot be opened/)
  })

  it('that is read-only is refused at the start', async () => {
    const disk = smallDisk(2)
    const file = path.join(disk ?? temporaryFolder(), 'history.db')
    await (await opened(file)).history.close()
    // Root may write whatever the file's mode says, but not to a read-only disk.
    if (disk) execFileSync('mount', ['-o', 'remount,ro', disk])
    else chmodSync(file, 0o444)
    const words = /history\.db(\.lock)? cannot be used: it (is read-only|cannot be opened)/
    await expect(openHistory({ path: file, log: keptLog().log })).rejects.toThrow(words)
  })
})

/** Writes rubbish over pages of a database, as a broken disk would. */
function overwritePages(file: string, first: number, count: number): void {
  const size = 4096
  const fd = openSync(file, 'r+')
  writeSync(fd, Buffer.alloc(size * count, 0x5a), 0, size * count, (first - 1) * size)
  closeSync(fd)
}

/** What is said of results: the upkeep of each second may meet the same trouble, and then says so on its own. */
const ofWrites = (lines: readonly LogLine[]) => lines.filter(({ event }) => event !== 'history.upkeep failing')

describe('a history in trouble', () => {
  it('that another program locks says so once, goes on, and recovers', async () => {
    const { file, history, lines, saw } = await opened()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    for (const result of minutes('api', base, 100)) history.record(result)
    const failing = await saw('history.failing')
    expect(failing).toMatchObject({ level: 'error', code: 'SQLITE_BUSY' })
    expect(failing.message).toMatch(/another program holds a lock on it .*; close that program.*; probing goes on$/)
    expect(history.status).toMatchObject({ waiting: 100, dropped: 0, trouble: expect.stringContaining('lock') })
    await history.flush()
    other.exec('ROLLBACK')
    other.close()
    await saw('history.recovered')
    expect(upCount(file)).toBe(100)
    expect(ofWrites(lines).map(({ event }) => event)).toEqual(['history.failing', 'history.recovered'])
    expect(history.status).toEqual({ path: file, waiting: 0, dropped: 0 })
  })

  it('keeps no more than what fits, drops the oldest and counts them', async () => {
    const { file, history, saw } = await opened()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    history.record(httpResult('api', base))
    await saw('history.failing')
    for (let i = 1; i <= mostWaiting + 99; i++) history.record(httpResult('api', base + i * 1000))
    expect(history.status).toMatchObject({ waiting: mostWaiting, dropped: 100 })
    other.close()
    expect(await saw('history.recovered')).toMatchObject({ dropped: 100 })
    await history.flush()
    expect(upCount(file)).toBe(mostWaiting)
    expect(history.read((reader) => reader.results('api', base, base + dayMs)[0]?.atMs)).toBe(base + 100_000)
  })

  it('leaves out what it cannot take, says so, and keeps the rest', async () => {
    const { file, history, lines } = await opened()
    const bad = [
      httpResult('api', base + 1, { durationMs: Number.NaN }),
      { ...httpResult('api', base), startedAt: 'never' },
    ]
    for (const result of [...minutes('api', base, 5), ...bad, httpResult('api', base + 3_600_000)])
      history.record(result)
    await history.flush()
    expect(upCount(file)).toBe(6)
    expect(history.status).toEqual({ path: file, waiting: 0, dropped: 2 })
    expect(lines).toMatchObject([{ level: 'error', event: 'history.refused', entries: 2 }])
  })

  it('that is moved away is begun anew', async () => {
    const { file, history } = await opened()
    history.record(httpResult('api', base))
    await history.flush()
    renameSync(file, `${file}.old`)
    history.record(httpResult('api', base + 1000))
    history.record(httpResult('api', base + 2000))
    await history.flush()
    expect(upCount(file)).toBe(2)
    expect(history.read((reader) => reader.uptime('api', base, base + dayMs).up)).toBe(2)
  })

  it('says so once where its content is damaged, and recovers when the file is moved away', async () => {
    const file = inFolder()
    const first = await opened(file)
    first.history.record(httpResult('api', base))
    await first.history.close()
    const { history, lines, saw } = await opened(file)
    overwritePages(file, 2, 30)
    history.record(httpResult('new', base))
    expect(await saw('history.failing')).toMatchObject({ code: 'SQLITE_CORRUPT' })
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
    await saw('history.recovered')
    expect(upCount(file, 'new')).toBe(1)
    expect(ofWrites(lines).length).toBe(2)
  })

  it('says what is lost where it still cannot write at the end', async () => {
    const { file, history, lines } = await opened()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    history.record(httpResult('api', base))
    await history.close()
    other.close()
    expect(ofWrites(lines).map(({ event, entries }) => [event, entries])).toEqual([
      ['history.failing', undefined],
      ['history.lost', 1],
    ])
  })
})

/** A file system of its own with this much room; undefined where this user may mount none. */
function smallDisk(megabytes: number): string | undefined {
  const folder = temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'vedette-test', folder], { stdio: 'pipe' })
  } catch {
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder])
  })
  return folder
}

describe('a full disk', () => {
  it('is said once; probing goes on, and the history recovers when there is room', async ({ skip }) => {
    const disk = smallDisk(2)
    if (!disk) return skip('needs the right to mount a file system: run as root')
    const { file, history, lines, saw } = await opened(path.join(disk, 'history.db'))
    history.record(httpResult('first', base))
    await history.flush()
    const ballast = path.join(disk, 'ballast')
    const fill = () => {
      try {
        execFileSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4096'], { stdio: 'pipe' })
      } catch {
        // dd says that the disk is full, which is what it is for.
      }
    }
    fill()
    for (const result of minutes('api', base, 1000)) history.record(result)
    const failing = await saw('history.failing')
    expect(failing).toMatchObject({ code: 'SQLITE_FULL' })
    expect(failing.message).toMatch(/the disk is full .*; free some space.*; probing goes on$/)
    await history.flush()
    expect(upCount(file, 'first')).toBe(1)
    rmSync(ballast)
    await saw('history.recovered')
    await history.flush()
    expect(upCount(file)).toBe(1000)
    expect(ofWrites(lines).map(({ event }) => event)).toEqual(['history.failing', 'history.recovered'])
  })
})
