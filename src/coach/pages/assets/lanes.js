// The wire: a lifeline for each end, a row for each event. Only the rows in view are in the page.

import { label, nameOf, rowsOf, says, timeWaitLeft } from './rows.js'
import { count, escape, find, findAll, ms, narrow, size, t } from './words.js'

const CONVERSATION_WIDTH = 230 // pixels that names and sizes need
const ROW = 28

export class Lanes {
  constructor(root, onSelect) {
    Object.assign(this, { root, onSelect, selected: null, isFollowing: true, rows: [], shown: [] })
    this.position = Infinity // the index of the last event that is shown
    for (const name of ['heads', 'box', 'pad', 'layer']) this[name] = find('.' + name, root)
    this.heads.addEventListener('click', event => {
      const button = event.target.closest('[data-only]')
      if (button) this.chooseOnly(+button.dataset.only)
    })
    this.box.addEventListener('scroll', () => {
      this.isFollowing = this.box.scrollTop + this.box.clientHeight > this.box.scrollHeight - ROW * 1.5
      this.paint()
    })
    this.box.addEventListener('click', event => {
      const row = event.target.closest('.row:not(.silence)')
      if (row) this.select(+row.dataset.row)
    })
    this.box.addEventListener('keydown', event => {
      const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key]
      if (!by) return
      event.preventDefault()
      event.stopPropagation()
      this.move(by)
    })
    new ResizeObserver(() => { this.layOut(); this.set(this.position) }).observe(this.box)
  }

  load(events, { fold, show, hidden = new Set() }) {
    this.events = events
    this.first = new Map() // conversation -> the index of its first event
    events.forEach((event, i) => { if (!this.first.has(event.socket.conversation)) this.first.set(event.socket.conversation, i) })
    this.all = [...this.first.keys()]
    this.options = { fold, show, hidden }
    this.layOut()
    this.set(this.position)
  }

  layOut() {
    if (!this.events) return
    const { fold, show, hidden } = this.options
    const wanted = this.all.filter(one => !hidden.has(one))
    const room = narrow.matches ? 1 : Math.max(1, Math.floor((this.box.clientWidth || 800) / CONVERSATION_WIDTH))
    // The latest ones; but what is being looked at stays where it is.
    const kept = room === 1 && wanted.includes(this.only) ? [this.only] : (this.isFollowing || this.position < Infinity) && this.selected == null ? [] : this.shown.filter(one => wanted.includes(one)).slice(0, room)
    const others = wanted.filter(one => !kept.includes(one) && this.first.get(one) <= Math.max(0, this.position)).slice(kept.length - room)
    this.shown = room > kept.length ? [...kept, ...others].sort((a, b) => wanted.indexOf(a) - wanted.indexOf(b)) : kept
    const chosen = this.selected == null ? null : this.rows[this.selected]?.event
    const { rows, bounds } = rowsOf(this.events, { fold, show, shown: this.shown })
    this.rows = rows
    this.bounds = bounds
    this.selected = rows.find(row => chosen && row.event === chosen)?.number ?? null
    this.queueMax = Math.max(1, ...this.shown.flatMap(one => one.ends.map(end => end?.queueMax || 0)))
    this.start = this.events[0]?.shown ?? 0
    const key = JSON.stringify([wanted.length, this.shown.map(one => [nameOf(one, 0), nameOf(one, 1), one.ends.map(end => end?.here)])])
    if (key !== this.headsKey) {
      this.headsKey = key
      this.drawHeads(wanted)
    }
  }

  drawHeads(wanted) {
    const more = wanted.length - this.shown.length
    const tabs = more > 0 && this.shown.length === 1
      ? `<div class="only">${wanted.map(one => `<button data-only="${this.all.indexOf(one)}" aria-pressed="${one === this.shown[0]}">${escape(nameOf(one, 0))} → ${escape(nameOf(one, 1))}</button>`).join('')}</div>`
      : more > 0 ? `<p class="only muted">${t('no room', count(more))}</p>` : ''
    const end = (one, side) => {
      const known = one.ends[side], name = escape(nameOf(one, side))
      return `<div class="head${known ? '' : ' foreign'}"><b title="${name}">${name}</b><span>${known ? escape(known.here) : t('not traced')}</span></div>`
    }
    this.heads.innerHTML = `${tabs}<span>ms</span><div class="lanes">${this.shown.map(one => `<div class="lane">${end(one, 0)}${end(one, 1)}</div>`).join('')}</div>`
  }

  chooseOnly(index) {
    this.only = this.all[index]
    this.selected = null
    this.layOut()
    this.set(this.position)
    this.onSelect()
    find('[aria-pressed=true]', this.heads).focus()
  }

  set(position) {
    const isMoved = position !== this.position
    this.position = position
    if (isMoved && this.all?.length > this.shown.length) this.layOut()
    let visible = this.rows.length
    while (visible && this.rows[visible - 1].index > position) visible--
    this.visible = visible
    this.pad.style.height = visible * ROW + 'px'
    if (this.isFollowing && this.selected == null) this.box.scrollTop = this.box.scrollHeight
    this.paint()
  }

  /** The selected row, or the last one. */
  get current() {
    if (this.selected != null && this.selected < this.visible) return this.rows[this.selected]
    let last = this.visible - 1
    while (last >= 0 && !this.rows[last].event) last--
    return this.rows[last]
  }

  select(number) {
    this.selected = number
    const top = number * ROW, { box } = this
    if (top < box.scrollTop) box.scrollTop = top
    if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight
    this.paint()
    this.onSelect()
  }

  unselect() {
    this.selected = null
    this.isFollowing = true
    this.set(this.position)
    this.onSelect()
  }

  move(by) {
    const from = this.current?.number ?? 0
    let to = Math.max(0, Math.min(this.visible - 1, from + by))
    while (this.rows[to] && !this.rows[to].event) to += Math.sign(by)
    if (this.rows[to] && to < this.visible) this.select(to)
  }

  /** The rows in which the other end handles the same bytes. */
  mates(row) {
    const wanted = { data: 'read', read: 'data' }[row?.kind]
    if (!wanted || row.bulk) return []
    const from = row.event.offset, to = from + row.count
    return this.rows.filter(({ bulk, conversation, count, event, kind }) => kind === wanted && conversation === row.conversation && !bulk
      && event.socket !== row.event.socket && event.offset < to && event.offset + count > from)
  }

  paint() {
    if (!this.events) return
    const from = Math.max(0, Math.floor(this.box.scrollTop / ROW) - 8)
    const to = Math.min(this.visible, from + Math.ceil(this.box.clientHeight / ROW) + 16)
    const current = this.current
    if (current !== this.matesOf) [this.matesOf, this.matesNow] = [current, new Set(this.mates(current))]
    const mates = this.matesNow
    this.layer.style.transform = `translateY(${from * ROW}px)`
    let html = ''
    for (let number = from; number < to; number++) html += this.row(number, this.rows[number] === current, mates.has(this.rows[number]))
    this.layer.innerHTML = html
    for (const queue of findAll('.queue', this.layer)) queue.style.width = queue.dataset.width + 'px'
    if (current) this.box.setAttribute('aria-activedescendant', this.root.id + current.number)
    findAll('.lane', this.heads).forEach((head, i) => head.classList.toggle('later', !((this.bounds.get(this.shown[i])?.low ?? Infinity) < this.visible)))
  }

  /** The lifelines in this row: solid where the program has the connection. */
  lifelines(conversation, number) {
    const bounds = this.bounds.get(conversation)
    if (!bounds || number < bounds.low || number > bounds.high && this.visible > bounds.high) return ''
    return [0, 1].map(side => {
      const place = 'lr'[side], own = bounds.ends[side]
      const begins = number === bounds.low ? ' begins' : '', ends = number === bounds.high ? ' ends' : ''
      const isSolid = conversation.ends[side] && number >= own.low && (own.high == null || number <= own.high)
      if (isSolid && own.high === number && !ends) return `<i class="line ${place} ends${begins}"></i><i class="line ${place} dashed begins"></i>`
      if (isSolid && own.low === number && !begins) return `<i class="line ${place} dashed ends"></i><i class="line ${place} begins"></i>`
      return `<i class="line ${place}${isSolid ? '' : ' dashed'}${begins}${ends}"></i>`
    }).join('')
  }

  /** How much waits in the programs: a band beside the lifeline. */
  queues(conversation, row) {
    return conversation.ends.map((end, side) => {
      const waits = end && row.queues.get(end)
      return waits ? `<i class="queue ${'lr'[side]}" data-width="${2 + 14 * waits / this.queueMax}"></i>` : ''
    }).join('')
  }

  row(number, isCurrent, isMate) {
    const row = this.rows[number]
    const lanes = body => this.shown.map((one, i) => {
      const lines = this.lifelines(one, number)
      return `<div class="lane">${lines}${lines && this.queues(one, row)}${body(one, i)}</div>`
    }).join('')
    if (!row.event) {
      const text = t('{} ms of silence', ms(row.silence, 0))
      return `<div class="row silence" data-row="${number}"><span class="time"></span><div class="lanes">${lanes((_, i) => i ? '' : `<div class="gap">${text}</div>`)}</div></div>`
    }
    const time = ms(row.time - this.start)
    const spoken = escape(`${time} ms, ${says(row)}${row.kind === 'data' ? ' ' + label(row) : ''}`)
    const classes = `row${isCurrent ? ' selected' : ''}${isMate ? ' mate' : ''}`
    return `<div class="${classes}" id="${this.root.id}${number}" role="option" aria-selected="${isCurrent}" aria-setsize="${this.visible}" aria-posinset="${number + 1}" aria-label="${spoken}" data-row="${number}"><span class="time">${time}</span><div class="lanes">${lanes(one => one === row.conversation ? this.body(row) : '')}</div></div>`
  }

  body(row) {
    const place = 'lr'[row.side]
    if (/^(connect|data|fin|reset)$/.test(row.kind)) {
      const amount = row.kind === 'data' ? `<em> ${size(row.count)}</em>` : ''
      const broken = row.event.socket.isBroken && row.kind === 'data' ? ' broken' : ''
      return `<span class="arrow ${row.side ? 'left' : 'right'} ${row.kind}${row.bulk ? ' big' : ''}${broken}"><b><span>${escape(label(row))}</span>${amount}</b></span>`
    }
    const left = row.paysTimeWait && timeWaitLeft(row)
    if (left > 0) this.clock ??= setTimeout(() => { this.clock = null; this.paint() }, 1000)
    const time = !row.paysTimeWait ? '' : left > 0 ? t(': {} s', left) : t(': over')
    return `<i class="dot ${place}${row.kind === 'close' ? ' cross' : ''}"></i><span class="note ${place}">${says(row, '')}${time}</span>`
  }
}
