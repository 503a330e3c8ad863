// The player goes through the events in their order, slowly: on one machine a conversation takes half a millisecond.

import { find, findAll, ms, t } from './words.js'

const EVENT_MS = 480, WAIT_MS_MAX = 700
const HUES = { connect: 'connect', accept: 'connect', sent: 'data', received: 'data', 'sent-fin': 'fin', 'received-fin': 'fin', reset: 'reset' }
const TICKS_MAX = 400

export class Player {
  /** `draw` shows the events up to an index; Infinity: all, also those to come. */
  constructor(root, draw) {
    Object.assign(this, { root, draw, events: [], position: Infinity, range: find('input', root), speed: find('select', root) })
    root.addEventListener('click', event => this[event.target.dataset.act]?.())
    this.range.addEventListener('input', () => { this.go(+this.range.value); this.stop() })
    this.mark()
  }

  load(events) {
    this.events = events
    this.range.max = events.length - 1
    find('.ticks', this.root).innerHTML = events.length > TICKS_MAX ? '' : events.map(event => `<i class="${HUES[event.kind]}"></i>`).join('')
    this.mark()
  }

  get last() { return this.events.length - 1 }
  get at() { return Math.min(this.position, this.last) }

  mark() {
    const { at, last, events, root } = this
    find('.pri', root).textContent = t(this.isPlaying ? 'Pause' : at >= last ? 'Replay' : 'Play')
    for (const control of findAll('button, input, select', root)) control.disabled = last < 0
    this.range.value = at
    findAll('.ticks i', root).forEach((tick, i) => tick.classList.toggle('on', i <= at))
    const time = index => ms(events[Math.max(0, index)].shown - events[0].shown, 0)
    find('.clock', root).textContent = last < 0 ? '' : `${time(at)} / ${time(last)} ms`
  }

  go(position) {
    this.position = position >= this.last ? Infinity : Math.max(-1, position)
    this.draw(this.position)
    this.mark()
  }

  start() { this.stop(); this.go(-1) }
  back() { this.stop(); this.go(this.at - 1) }
  next() { this.stop(); this.go(this.at + 1) }
  end() { this.stop(); this.go(Infinity) }

  stop() {
    clearTimeout(this.timer)
    this.isPlaying = false
    this.mark()
  }

  play() {
    if (this.isPlaying) return this.stop()
    if (this.at >= this.last) this.go(-1)
    this.isPlaying = true
    this.tick()
  }

  tick() {
    const { at, events } = this, next = events[at + 1]
    if (!next) return this.stop()
    this.mark()
    const waited = at < 0 ? 0 : (next.shown - events[at].shown) / 1000
    this.timer = setTimeout(() => {
      this.position = at + 1 // also at the last one: it plays on if more comes
      this.draw(at + 1 >= this.last ? Infinity : at + 1)
      this.tick()
    }, Math.max(EVENT_MS, Math.min(waited, WAIT_MS_MAX)) / this.speed.value)
  }

  changeSpeed(by) {
    const { speed } = this
    speed.selectedIndex = Math.max(0, Math.min(speed.length - 1, speed.selectedIndex + by))
  }
}
