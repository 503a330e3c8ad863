// The lines that programs send, as events of sockets. Two sockets that are the ends of one connection are one conversation.
// The format is described in the module `trace` of the crate. Nothing here knows of a page.

const SKEW_MAX = 1e6 // microseconds
const KINDS = new Set(['connect', 'connected', 'accept', 'sent', 'received', 'sent-fin', 'received-fin', 'reset', 'close'])
const field = text => text.replace(/(%[0-9a-f]{2})+/gi, bytes => { try { return decodeURIComponent(bytes) } catch { return bytes } })

export class Trace {
  limit = 10000

  constructor() { this.clear() }

  clear() {
    this.programs = new Map() // by pid, the latest one
    this.sockets = new Map()
    this.conversations = []
    this.events = []
    this.leftOut = 0
    this.unpaired = new Map() // address of ours | address of the peer -> sockets, oldest first
  }

  /** A line of the format. What is not known is left out, as the format says. */
  add(line) {
    const [time, who, kind, ...fields] = line.split(' ')
    if (!kind || time === 'net-trace') return
    const [pid, number] = who.split('.'), values = [], event = { kind }
    for (const one of fields) {
      const [, name, value] = /^(\w+)=(.*)/.exec(one) || []
      if (name) event[name] = field(value)
      else values.push(field(one))
    }
    const program = this.program(pid, kind === 'hello' ? values[0] : null, event.unix)
    event.time = program.began + +time
    if (kind === 'lost') {
      program.lost += +values[0] || 0
      for (const socket of program.sockets) socket.isBroken = true
    }
    if (!number || !KINDS.has(kind)) return
    event.queue = kind === 'sent' ? +(event.q || 0) : null
    this.onSocket(event, this.socket(program, number, kind), values)
    if (this.events.push(event) > this.limit * 1.1) this.leftOut += this.events.splice(0, this.events.length - this.limit).length
  }

  /** With a name it says hello: it is another one than the last with this pid, if it did not begin when that did. */
  program(pid, name, unix = 0) {
    const known = this.programs.get(pid), began = Math.round(unix * 1e6)
    if (known && (name == null || known.began === began)) return known
    const program = { pid, name: name ?? 'pid ' + pid, began, sockets: [], lost: 0 }
    this.programs.set(pid, program)
    return program
  }

  socket(program, number, kind) {
    const id = program.pid + '.' + number
    const known = this.sockets.get(id)
    if (known && known.program === program) return known
    const socket = { id, number, program, side: kind === 'accept' ? 1 : 0, sent: 0, received: 0, here: '', there: '', state: 'opening', queue: 0, queueMax: 0 }
    this.sockets.set(id, socket)
    program.sockets.push(socket)
    socket.conversation = { ends: [] }
    socket.conversation.ends[socket.side] = socket
    this.conversations.push(socket.conversation)
    return socket
  }

  onSocket(event, socket, values) {
    event.socket = socket
    switch (event.kind) {
      case 'connect':
        socket.there = values[0] || ''
        break
      case 'connected':
      case 'accept':
        [socket.here, socket.there] = values
        socket.state = 'open'
        this.pair(socket, event.time)
        break
      case 'sent':
        socket.queue = event.queue
        socket.queueMax = Math.max(socket.queueMax, event.queue)
        // as what was received, too
      case 'received':
        event.count = +values[0]
        event.hex = values[1] || ''
        event.offset = socket[event.kind]
        socket[event.kind] += event.count
        break
      case 'sent-fin': socket.state = 'ending'; break
      case 'reset': socket.state = 'reset'; socket.conversation.isReset = true; break
      case 'close':
        socket.closedAt = event.time
        socket.queue = 0
        if (socket.state !== 'reset') socket.state = 'closed'
    }
  }

  /** Each one's address is the other one's peer. A Unix domain socket's client has none, `-`: there the order counts. */
  pair(socket, time) {
    const key = (a, b) => a + ' ' + b
    const others = this.unpaired.get(key(socket.there, socket.here)) || []
    // A port is used again: one that was closed long before this one began is another's.
    const at = others.findIndex(other => other.side !== socket.side && !(socket.side === 0 && other.closedAt < time - SKEW_MAX))
    if (at < 0) {
      const own = key(socket.here, socket.there)
      if (!this.unpaired.has(own)) this.unpaired.set(own, [])
      this.unpaired.get(own).push(socket)
      return
    }
    const [other] = others.splice(at, 1)
    const alone = socket.conversation
    socket.conversation = other.conversation
    socket.conversation.ends[socket.side] = socket
    socket.conversation.isReset ||= alone.isReset
    this.conversations.splice(this.conversations.indexOf(alone), 1)
  }

  /**
   * The events in an order in which nothing is read before it is written, accepted before it is asked for, or ended by the peer
   * before it has ended: the clocks of two programs differ, and a thread may report late. `event.shown` is the time to show.
   */
  ordered() {
    const sorted = [...this.events].sort((a, b) => a.time - b.time)
    const due = new Map() // socket -> its sends, FIN and connect that have not had their turn
    for (const event of sorted) {
      const own = due.get(event.socket) || { sends: [], next: 0, fin: false, connect: false }
      due.set(event.socket, own)
      if (event.kind === 'sent') own.sends.push(event)
      if (event.kind === 'sent-fin') own.fin = true
      if (event.kind === 'connect') own.connect = true
    }
    const isReady = event => {
      const { ends } = event.socket.conversation, other = ends[1 - event.socket.side]
      const theirs = other && due.get(other)
      if (!theirs || other.isBroken || event.socket.isBroken) return true
      switch (event.kind) {
        case 'received': return (theirs.sends[theirs.next]?.offset ?? Infinity) >= event.offset + event.count
        case 'received-fin': return !theirs.fin
        case 'accept': return !theirs.connect
        default: return true
      }
    }
    const order = [], waiting = new Map() // by conversation
    const take = (event, time) => {
      event.shown = Math.max(event.time, time)
      order.push(event)
      const own = due.get(event.socket)
      if (event.kind === 'sent') own.next++
      if (event.kind === 'sent-fin') own.fin = false
      if (event.kind === 'connect') own.connect = false
    }
    // Events of one socket keep their order among themselves.
    const release = (list, time) => {
      for (let progress = true; progress;) {
        progress = false
        const held = new Set()
        for (const event of [...list]) {
          if (!held.has(event.socket) && isReady(event)) {
            list.splice(list.indexOf(event), 1)
            take(event, time)
            progress = true
          } else held.add(event.socket)
        }
      }
    }
    for (const event of sorted) {
      const list = waiting.get(event.socket.conversation) || []
      if (list.some(other => other.socket === event.socket) || !isReady(event)) {
        list.push(event)
        waiting.set(event.socket.conversation, list)
        continue
      }
      take(event, event.time)
      if (list.length) release(list, event.time)
    }
    const last = sorted.at(-1)?.time ?? 0
    for (const list of waiting.values()) for (const event of list) take(event, last) // what it waits for was lost
    return order
  }
}
