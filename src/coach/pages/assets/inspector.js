// What a row is about: its time, bytes, writes against reads, the line of the program.

import { dump, quoted } from './bytes.js'
import { says } from './rows.js'
import { source } from './server.js'
import { count, escape, find, findAll, ms, size, t } from './words.js'

const PIECES_MAX = 240

let inHex = remembered.get('hex') === 'yes'

export function changeHex() {
  inHex = !inHex
  remembered.set('hex', inHex ? 'yes' : 'no')
}

export function inspect(root, lanes) {
  const row = lanes.current
  if (!row) {
    root.innerHTML = `<div><p class="muted">${t('nothing')}</p></div>`
    return
  }
  const { hex, kind, at = '' } = row.event
  const bytes = hex ? `<pre class="bytes">${escape(inHex ? dump(hex) : quoted(hex, row.event.count))}</pre>` : ''
  const button = hex ? `<button data-hex>${t(inHex ? 'text' : 'hex')} <kbd>X</kbd></button>` : ''
  const isCall = /^(received|received-fin|accept|connected)$/.test(kind)
  root.innerHTML = `<div><h3><span>${escape(says(row))}</span>${button}</h3><dl>${facts(row, lanes)}</dl>${bytes}${pieces(row, lanes)}</div>
<div><h3><span>${t(isCall ? 'What it calls' : 'What caused it')}</span><span class="where">${escape(at)}</span></h3><div class="lines"></div></div>`
  for (const piece of findAll('.pieces i', root)) piece.style.flexGrow = piece.dataset.size
  showSource(find('.lines', root), row)
}

function facts(row, lanes) {
  const facts = [], add = (name, fact) => facts.push(`<dt>${t(name)}</dt><dd>${fact}</dd>`)
  const at = time => ms(time - lanes.start) + ' ms'
  const before = lanes.rows.slice(Math.max(0, row.number - 2), row.number).findLast(other => other.event)
  add('at', at(row.time) + (before ? ` <span class="muted">+${ms(row.time - before.time)}</span>` : ''))
  const { bulk, event, kind } = row, mates = lanes.mates(row)
  if (bulk) {
    add('until', at(row.end))
    add('written', `${size(bulk.written)} / ${bulk.writes}`)
    add('read', `${size(bulk.read)} / ${bulk.reads}`)
  } else if (/^(data|read)$/.test(kind)) {
    add('bytes', t('{}–{} of this direction', count(event.offset + 1), count(event.offset + row.count)))
    if (mates.length) add(kind === 'data' ? 'read' : 'written', mates.slice(0, 4).map(other => at(other.time)).join(', '))
    if (event.socket.isBroken) add('note', t('missing'))
  }
  const waits = bulk?.queueMax || row.queue
  if (waits) add('queue', t('{} wait in the program', size(waits)))
  if (kind === 'fin') add('order', t(row.endsFirst ? 'ends first' : 'ends second'))
  if (row.paysTimeWait) add('TIME_WAIT', t('pays'))
  if (!row.conversation.ends[1 - event.socket.side]) add('other end', t(event.socket.here || event.socket.isBroken ? 'not traced' : 'no connection'))
  return facts.join('')
}

/** Writes and reads of this direction as two bars: they need not meet. */
function pieces({ conversation: { ends }, event, kind, side }, lanes) {
  if (!ends[0] || !ends[1] || !/^(data|read)$/.test(kind)) return ''
  const from = kind === 'read' ? 1 - side : side
  const list = (kind, end) => lanes.events.filter(event => event.kind === kind && event.socket === end)
  const sent = list('sent', ends[from]), received = list('received', ends[1 - from])
  if (sent.length + received.length > PIECES_MAX) return ''
  const bar = events => `<p>${events.map(one => `<i data-size="${one.count}"${one === event ? ' class="on"' : ''}></i>`).join('')}</p>`
  return `<div class="pieces"><span>${t('written')}</span>${bar(sent)}<span>${t('read')}</span>${bar(received)}</div>`
}

async function showSource(box, { conversation, event: { at }, side }) {
  const say = text => { box.innerHTML = `<p class="muted">${t(text)}</p>` }
  if (!at) return say(conversation.ends[side] ? 'no line' : 'no peer')
  const [, file, number] = /^(.*):(\d+)$/.exec(at) || [, at, 1]
  const lines = await source(file)
  if (!lines) return say('no source')
  const first = Math.max(0, number - 4)
  box.innerHTML = `<pre>${lines.slice(first, first + 7).map((line, i) => `<span class="line${first + i + 1 === +number ? ' hit' : ''}">${line}</span>`).join('')}</pre>`
}
