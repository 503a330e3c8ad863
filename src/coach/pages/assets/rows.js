// From events to rows: which side an arrow leaves, bulk folded into one row, silence as a row.

import { quoted } from './bytes.js'
import { size, t } from './words.js'

const BULK = 2048 // bytes in a piece that is folded
const SILENCE = 20000, SURE = 100 // microseconds

export const nameOf = (conversation, side) => {
  const end = conversation.ends[side]
  return end ? `${end.program.name} #${end.number}` : conversation.ends[1 - side].there || t('unknown')
}

/** What is drawn, and at which side it begins. Of an untraced peer we know what it causes. */
function kindOf({ kind, socket: { side } }, both) {
  switch (kind) {
    case 'connect': return ['connect', 0]
    case 'accept': return both ? ['accept', 1] : ['connect', 0]
    case 'sent': return ['data', side]
    case 'received': return both ? ['read', side] : ['data', 1 - side]
    case 'sent-fin': return ['fin', side]
    case 'received-fin': return both ? ['readfin', side] : ['fin', 1 - side]
    case 'reset': return ['reset', 1 - side]
    default: return ['close', side]
  }
}

/** The rows of the conversations `shown`; `show` says which rows, and `fold` whether bulk becomes one. */
export function rowsOf(events, { fold, show, shown }) {
  const rows = [], fins = new Map(), bounds = new Map()
  let last = null, queues = new Map() // end -> what waits in its program
  events.forEach((event, index) => {
    const conversation = event.socket.conversation
    if (!shown.includes(conversation)) return
    const [kind, side] = kindOf(event, conversation.ends[0] && conversation.ends[1])
    const row = { index, event, conversation, kind, side, time: event.shown, end: event.shown, count: event.count || 0, queue: event.queue }
    if (kind === 'fin') {
      const ended = fins.get(conversation) || 0
      row.endsFirst = !ended
      fins.set(conversation, ended | 1 << side)
    }
    // Who sent its FIN first. If both did at once, clocks cannot tell.
    const [mine, its] = [side, 1 - side].map(side => conversation.ends[side]?.fin ?? conversation.ends[1 - side]?.read ?? Infinity)
    row.paysTimeWait = kind === 'close' && mine < its + SURE && fins.get(conversation) === 3 && !conversation.isFree
    row.isUnsure = Math.abs(mine - its) < SURE
    const before = queues, waits = row.queue || 0
    if (/^(sent|close)$/.test(event.kind) && waits !== (queues.get(event.socket) || 0)) queues = new Map(queues).set(event.socket, waits)
    if (show && !show(row)) return
    const from = kind === 'read' ? 1 - side : side
    const isBulk = fold && (kind === 'data' || kind === 'read') && row.count >= BULK
    if (isBulk && last?.bulk && last.conversation === conversation && last.side === from) {
      fill(last, row)
      return
    }
    if (last && row.time - last.end > SILENCE) rows.push({ index, silence: row.time - last.end, time: row.time, queues: before })
    if (isBulk) {
      Object.assign(row, { bulk: { written: 0, writes: 0, read: 0, reads: 0, queueMax: 0 }, kind: 'data', side: from, wasRead: kind === 'read' })
      fill(row, row)
    }
    row.number = rows.push(row) - 1
    last = row
    const own = bounds.get(conversation) || { low: rows.length - 1, ends: [{}, {}] }
    own.high = rows.length - 1
    own.ends[event.socket.side].low ??= rows.length - 1
    if (event.kind === 'close') own.ends[event.socket.side].high = rows.length - 1
    bounds.set(conversation, own)
    row.queues = queues
  })
  return { rows, bounds }
}

function fill(bulk, row) {
  const isRead = row.wasRead ?? row.kind === 'read', sum = bulk.bulk
  bulk.end = row.time
  sum[isRead ? 'read' : 'written'] += row.count
  sum[isRead ? 'reads' : 'writes']++
  sum.queueMax = Math.max(sum.queueMax, row.queue || 0)
  // The most that has waited.
  if (row.queue) bulk.queues = new Map(bulk.queues).set(row.event.socket, sum.queueMax)
  bulk.count = sum.written || sum.read
}

export function label(row) {
  if (!row.bulk) return { connect: 'connect', fin: 'FIN', reset: 'RST' }[row.kind] || quoted(row.event.hex, row.count)
  const { writes, reads } = row.bulk
  return [writes && t('{} writes', writes), reads && t('{} reads', reads)].filter(Boolean).join(t(', '))
}

const SENTENCES = {
  connect: '{} connects', accept: '{} accepts', data: '{} sends {}', read: '{} reads {}',
  fin: '{} ends its direction (FIN)', readfin: '{} reads the FIN', reset: '{} resets (RST)', close: '{} closes',
}

export const says = (row, who = nameOf(row.conversation, row.side)) =>
  t(SENTENCES[row.kind], who, size(row.count)).trim() + (row.paysTimeWait ? t(row.isUnsure ? ', TIME_WAIT perhaps here' : ', TIME_WAIT here') : '')

export const timeWaitLeft = row => Math.ceil(row.time / 1e6 + +document.body.dataset.timeWait - Date.now() / 1000)

/** All words are required: part of a name, a kind, bytes; `>1k` is a size. */
export function matches(row, filter) {
  const text = () => [nameOf(row.conversation, 0), nameOf(row.conversation, 1), row.kind, label(row)].join(' ').toLowerCase()
  return (filter.toLowerCase().match(/\S+/g) || []).every(word => {
    const least = /^>([\d.]+)([km]?)$/.exec(word)
    return least ? row.count >= least[1] * { '': 1, k: 1e3, m: 1e6 }[least[2]] : text().includes(word)
  })
}
