// Lines that programs send become events of sockets; the two ends of a connection are one conversation.
// The module `trace` of the crate describes the format.

const SKEW_MAX = 1e6 // microseconds
const KINDS = new Set(['connect', 'connected', 'accept', 'sent', 'received', 'sent-fin', 'received-fin', 'reset', 'close'])
const field = text => text.replace(/(%[0-9a-f]{2})+/gi, bytes => { try { return decodeURIComponent(bytes) } catch { return bytes } })

export class Trace {
  limit = 10000

  programs = new Map() // by pid, the latest one
  conversations = [] // the oldest first
  events = []
  leftOut = 0

  /** Forgets all events. What comes is about the same sockets. */
  clear() {
    this.events = []
    this.forget()
    this.leftOut = 0
  }

  /** A line of the format; what is not known is left out. */
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
      for (const socket of program.sockets.values()) socket.isBroken = true
    }
    if (!number || !KINDS.has(kind)) return
    event.queue = kind === 'sent' ? +(event.q || 0) : null
    this.onSocket(event, this.socket(program, number, kind), values)
    if (this.events.push(event) > this.limit * 1.1) {
      this.leftOut += this.events.splice(0, this.events.length - this.limit).length
      this.forget()
    }
  }

  /** Forgets closed sockets without an event, and ended programs without a socket. */
  forget() {
    const seen = new Set(this.events.map(event => event.socket.conversation))
    const isOpen = end => end && end.closedAt == null && !end.program.hasEnded
    const isKept = one => seen.has(one) || one.ends.some(isOpen)
    this.conversations = this.conversations.filter(isKept)
    for (const { pid, sockets, hasEnded } of this.programs.values()) {
      for (const { number, conversation } of sockets.values()) if (!isKept(conversation)) sockets.delete(number)
      if (hasEnded && !sockets.size) this.programs.delete(pid)
    }
  }

  /** With a name it says hello. One that began at another time is another one. */
  program(pid, name, unix = 0) {
    const known = this.programs.get(pid), began = Math.round(unix * 1e6)
    if (known && (name == null || known.began === began)) return known
    const program = { pid, name: name ?? 'pid ' + pid, began, sockets: new Map(), lost: 0 }
    this.programs.set(pid, program)
    return program
  }

  socket(program, number, kind) {
    const known = program.sockets.get(number)
    if (known) return known
    const socket = { number, program, side: kind === 'accept' ? 1 : 0, sent: 0, received: 0, here: '', there: '', state: 'opening', queue: 0, queueMax: 0, isBroken: !/pt|ect/.test(kind) }
    program.sockets.set(number, socket)
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
        socket.conversation.isFree = values.includes('-')
        this.pair(socket, socket.since = event.time)
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
      case 'received-fin': socket.fin ??= Infinity; socket.read = event.time; break
      case 'sent-fin': socket.state = 'ending'; socket.fin ??= event.time; break
      case 'reset': socket.state = 'reset'; socket.conversation.isFree = true; break
      case 'close':
        socket.closedAt = event.time
        socket.queue = 0
        if (socket.state !== 'reset') socket.state = 'closed'
    }
  }

  /** Each one's address is the other one's peer. A Unix client has none, `-`: there the time counts. */
  pair(socket, time) {
    const { here, there, side, conversation: alone } = socket
    const found = this.conversations.find(({ ends }) => {
      const other = ends[1 - side]
      // A port is used again: one that was closed long before is another's.
      return other && !ends[side] && other.here === there && other.there === here && (here !== '-' && there !== '-' ? side || !(other.closedAt < time - SKEW_MAX) : Math.abs(other.since - time) < SKEW_MAX)
    })
    if (!found) return
    socket.conversation = found
    found.ends[side] = socket
    found.isFree ||= alone.isFree
    this.conversations.splice(this.conversations.indexOf(alone), 1)
  }

  /** The events, no effect before its cause: clocks differ, and threads report late. `event.shown` is the time to show. */
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
