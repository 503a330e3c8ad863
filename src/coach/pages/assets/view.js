// The wire with its inspector and its player.

import { changeHex, inspect } from './inspector.js'
import { Lanes } from './lanes.js'
import { Player } from './player.js'
import { count, part, seldom, t } from './words.js'

/** What of a trace is not shown. */
export const gaps = ({ programs, leftOut }) => [
  ...[...programs.values()].map(({ name, lost }) => lost && t('lost', name, count(lost))),
  leftOut && t('older: {} left out', count(leftOut)),
].filter(Boolean)

export class View {
  /** `trace` is what is shown; `options()` says how: `fold`, `show`, `hidden`. */
  constructor(root, trace, options, changed = () => {}) {
    Object.assign(this, { trace, options, changed, inspector: part(root, 'inspector') })
    this.lanes = new Lanes(part(root, 'lanes'), () => { this.player.stop(); this.inspect() })
    this.player = new Player(part(root, 'player'), position => {
      this.lanes.selected = null
      if (position === Infinity) this.lanes.isFollowing = true
      this.lanes.set(position)
      this.inspect()
    })
    this.inspector.addEventListener('click', event => { if (event.target.closest('[data-hex]')) this.changeHex() })
    this.update = seldom(() => this.draw())
  }

  inspect() {
    const { current, rows } = this.lanes
    const key = [current?.count, rows.length].join()
    if (current && current.event === this.inspected && key === this.inspectedKey) return
    this.inspected = current?.event
    this.inspectedKey = key
    inspect(this.inspector, this.lanes)
  }

  changeHex() {
    changeHex()
    inspect(this.inspector, this.lanes)
  }

  draw() {
    const { lanes, player } = this, shown = player.events[player.position]
    const events = this.trace.ordered().filter(event => event.kind !== 'connected') // it has no row
    if (shown) player.position = lanes.position = events.indexOf(shown) // older ones may be gone
    lanes.load(events, this.options())
    player.load(events)
    this.inspect()
    this.changed()
  }

  clear() {
    this.trace.clear()
    this.reset()
  }

  /** Shows all of the trace, and follows it. */
  reset() {
    this.player.stop()
    this.lanes.selected = null
    this.lanes.isFollowing = true
    this.player.position = this.lanes.position = Infinity
    this.draw()
  }

  keys() {
    const { player, lanes } = this
    return {
      isIdle: () => !lanes.rows.length, // they scroll the page
      ' ': () => player.play(),
      ArrowLeft: () => player.back(),
      ArrowRight: () => player.next(),
      'Shift ArrowLeft': () => player.start(),
      'Shift ArrowRight': () => player.end(),
      ArrowUp: () => lanes.move(-1),
      ArrowDown: () => lanes.move(1),
      Escape: () => lanes.unselect(),
      '[': () => player.changeSpeed(-1),
      ']': () => player.changeSpeed(1),
      x: () => this.changeHex(),
    }
  }
}
