// The scripts of the pages that know of no page, tried under Node. Started by model.rs, in a folder with copies of them.

import assert from 'node:assert/strict'

const nothing = { textContent: '{}' }
globalThis.document = { documentElement: { lang: 'en' }, body: { dataset: { timeWait: '60' } }, querySelector: () => nothing }
globalThis.matchMedia = () => ({})
globalThis.remembered = { get: () => null, set() {} }
const { Trace } = await import('./trace.js')
const { rowsOf, says, timeWaitLeft } = await import('./rows.js')
const { dump, quoted } = await import('./bytes.js')
const { differences } = await import('./terminals.js')

const tests = {
  'two ends of one connection are one conversation'() {
    const trace = traceOf(SERVER, CLIENT, ...CONVERSATION)
    assert.equal(trace.conversations.length, 1)
    const { ends } = trace.conversations[0]
    assert.deepEqual(ends.map(end => end.program.name), ['client', 'server'])
    assert.deepEqual(ends.map(end => [end.sent, end.received]), [[5, 3], [3, 5]])
  },

  'a port that is used again is another conversation'() {
    const again = CONVERSATION.map(line => line.replace(/^\d+/, time => +time + 9000).replace(/(\d)\.1 /, '$1.2 '))
    const trace = traceOf(SERVER, CLIENT, ...CONVERSATION, ...again)
    assert.equal(trace.conversations.length, 2)
    for (const { ends } of trace.conversations) assert.equal(ends[0].number, ends[1].number)
  },

  'a peer that sends no events is an address'() {
    const trace = traceOf(SERVER, ...CONVERSATION.filter(line => line.includes(' 2.1 ')))
    const rows = drawn(trace, { fold: true })
    assert.deepEqual(rows.map(row => row.kind + row.side), ['connect0', 'data0', 'data1', 'fin1', 'fin0', 'close1'])
  },

  'sockets without an address are paired in their order'() {
    const ends = [1, 2].flatMap(n => [`${n}0 1.${n} connected - /tmp/s`, `${n}1 2.${n} accept /tmp/s -`])
    assert.equal(traceOf(SERVER, CLIENT, ...ends).conversations.length, 2)
    // One that was accepted long before is the end of another client, which sends no events.
    const late = traceOf(SERVER, CLIENT, '10 2.1 accept /tmp/s -', '2000010 1.1 connected - /tmp/s', '2000011 2.2 accept /tmp/s -')
    assert.deepEqual(late.conversations.map(({ ends }) => ends.map(end => end.number).join()), [',1', '1,2'])
  },

  'nothing is read before it is written, whatever the clocks say'() {
    // The clock of the server is 10 ms behind, and its lines come first.
    const late = SERVER.replace('100.000000', '99.990000')
    const own = line => line.includes(' 2.1 ')
    const lines = [...CONVERSATION.filter(own), ...CONVERSATION.filter(line => !own(line))]
    const order = traceOf(late, CLIENT, ...lines).ordered()
    const at = (kind, side) => order.findIndex(event => event.kind === kind && event.socket.side === side)
    assert.equal(order.length, CONVERSATION.length)
    assert.ok(at('connect', 0) < at('accept', 1))
    for (const side of [0, 1]) {
      assert.ok(at('sent', side) < at('received', 1 - side))
      assert.ok(at('sent-fin', side) < at('received-fin', 1 - side))
    }
    assert.deepEqual(order.filter(event => event.socket.side === 1).map(event => event.kind), ['accept', 'received', 'sent', 'sent-fin', 'received-fin', 'close'])
    order.reduce((before, event) => { assert.ok(event.shown >= before.shown); return event })
  },

  'an end whose beginning was missed is known to lack bytes'() {
    const [missed, whole] = [traceOf(SERVER, '30 2.1 received 5 68656c6c6f'), traceOf(SERVER, CLIENT, ...CONVERSATION)]
    assert.deepEqual(missed.conversations[0].ends.filter(Boolean).map(end => end.isBroken), [true])
    assert.deepEqual(whole.conversations[0].ends.map(end => end.isBroken), [false, false])
  },

  'each end keeps the order of its own events'() {
    const order = traceOf(SERVER, CLIENT, ...CONVERSATION).ordered()
    const own = side => order.filter(event => event.socket.side === side).map(event => event.kind)
    assert.deepEqual(own(0), ['connect', 'connected', 'sent', 'received', 'received-fin', 'sent-fin', 'close'])
    assert.deepEqual(own(1), ['accept', 'received', 'sent', 'sent-fin', 'received-fin', 'close'])
  },

  'after a loss nothing waits for what does not come'() {
    const lines = [...CONVERSATION.filter(line => !line.includes(' sent ')), '45 1.1 sent 4 61', '46 2.1 received 4 61']
    const trace = traceOf(SERVER, CLIENT, ...lines.slice(0, 3), '25 1 lost 7 100', ...lines.slice(3))
    assert.equal(trace.programs.get('1').lost, 7)
    assert.deepEqual(trace.ordered().map(event => event.time), trace.events.map(event => event.time).sort((a, b) => a - b))
    assert.ok(trace.conversations[0].ends[0].isBroken)
  },

  'also what contradicts itself is shown'() {
    const lines = CONVERSATION.slice(0, 3)
    const circle = ['20 1.1 received 1 61', '21 1.1 sent 1 61', '20 2.1 received 1 61', '21 2.1 sent 1 61']
    assert.equal(traceOf(SERVER, CLIENT, ...lines, ...circle).ordered().length, 7)
  },

  'the oldest events are left out, and counted'() {
    const trace = traceOf(SERVER, CLIENT, ...CONVERSATION.slice(0, 3))
    trace.limit = 100
    for (let n = 0; n < 500; n++) trace.add(`${100 + n} 1.1 sent 1 61`)
    assert.ok(trace.events.length <= 110)
    assert.equal(trace.leftOut + trace.events.length, 503)
    assert.equal(trace.ordered().length, trace.events.length)
  },

  'what is over is forgotten, and what is open stays'() {
    const trace = traceOf(SERVER, CLIENT, ...CONVERSATION.slice(0, 3))
    trace.limit = 100
    for (let n = 2; n < 2000; n++) {
      const [here, there] = ['127.0.0.1:5000', `127.0.0.1:${40000 + n}`]
      for (const line of [`1.${n} connected ${there} ${here}`, `2.${n} accept ${here} ${there}`, `1.${n} close`, `2.${n} close`]) trace.add(`${100 * n} ${line}`)
    }
    const sockets = () => ['1', '2'].map(pid => trace.programs.get(pid)?.sockets)
    assert.ok(trace.conversations.length < 60)
    for (const own of sockets()) assert.ok(own.size < 60 && own.has('1'))
    trace.programs.get('1').hasEnded = trace.programs.get('2').hasEnded = true
    for (let n = 0; n < 120; n++) trace.add(`${1e6 + n} 3.1 sent 1 61`)
    assert.deepEqual(sockets(), [undefined, undefined])
    assert.equal(trace.conversations.length, 1)
  },

  'a program that says hello twice is one, and another with its pid is not'() {
    const trace = traceOf(SERVER, CLIENT, ...CONVERSATION, CLIENT)
    assert.equal(trace.programs.get('1').sockets.size, 1)
    trace.add(CLIENT.replace('100.000000', '200.000000'))
    assert.equal(trace.programs.get('1').sockets.size, 0)
  },

  'what is not known is left out'() {
    const trace = traceOf('net-trace 1', SERVER, CLIENT, '5 1.1 teleport 7', '6', '', '7 1.1 connect 127.0.0.1:5 new=1')
    assert.deepEqual(trace.events.map(event => event.kind), ['connect'])
  },

  'who ends first pays, if it was not reset'() {
    const paying = lines => drawn(traceOf(SERVER, CLIENT, ...lines), { fold: true }).filter(row => row.paysTimeWait)
    assert.deepEqual(paying(CONVERSATION).map(row => says(row)), ['server #1 closes, TIME_WAIT here'])
    assert.deepEqual(paying(CONVERSATION.toSpliced(-2, 0, '59 1.1 reset')), [])
    // Both have sent their FIN before they have read the other's: no clock says whose came first.
    const both = CONVERSATION.with(-5, '41 1.1 sent-fin').with(-4, '42 1.1 received-fin')
    assert.deepEqual(paying(both).map(row => says(row)), ['server #1 closes, TIME_WAIT perhaps here', 'client #1 closes, TIME_WAIT perhaps here'])
    // Of a peer that sends no events, only the time is known at which its FIN was read: it may have come before ours.
    const own = CONVERSATION.filter(line => line.includes(' 2.1 '))
    assert.deepEqual(paying(own).map(row => says(row)), ['server #1 closes, TIME_WAIT perhaps here'])
    const late = own.with(-2, '5000 2.1 received-fin').with(-1, '5001 2.1 close')
    assert.deepEqual(paying(late).map(row => says(row)), ['server #1 closes, TIME_WAIT here'])
    // Unix domain sockets have no TIME_WAIT.
    const unix = CONVERSATION.map(line => line.replace(/ (connected|accept) .*/, (_, kind) => kind === 'accept' ? ' accept /tmp/s -' : ' connected - /tmp/s'))
    assert.deepEqual(paying(unix), [])
  },

  'TIME_WAIT is a time'() {
    const time = (Date.now() - 13000) * 1000
    assert.equal(timeWaitLeft({ time }), 47)
    assert.ok(timeWaitLeft({ time: 51 }) < 0)
  },

  'a queue is shown at its fullest where it is folded, and then what is left of it'() {
    const waits = [[0, 100], [1, 900], [2, 300]].map(([n, q]) => `${50 + n} 1.1 sent 4096 q=${q} 61`)
    const trace = traceOf(SERVER, CLIENT, ...CONVERSATION.slice(0, 3), ...waits, '60 1.1 sent-fin', '70 1.1 sent 8 q=0 61')
    const rows = drawn(trace, { fold: true })
    const end = trace.conversations[0].ends[0]
    assert.deepEqual(rows.slice(-3).map(row => row.queues.get(end)), [900, 300, 0])
    const unseen = drawn(trace, { fold: true, show: row => row.kind !== 'data' })
    assert.equal(unseen.at(-1).queues.get(end), 300)
  },

  'bulk is one row, and silence another'() {
    const big = Array.from({ length: 20 }, (_, n) => `${50000 + n} 1.1 sent 4096 q=${n * 10} 61`)
    const rows = drawn(traceOf(SERVER, CLIENT, ...CONVERSATION.slice(0, 3), ...big), { fold: true })
    assert.ok(rows.at(-2).silence > 40000)
    assert.deepEqual(rows.at(-1).bulk, { written: 81920, writes: 20, read: 0, reads: 0, queueMax: 190 })
    assert.equal(drawn(traceOf(SERVER, CLIENT, ...big), { fold: false }).length, 20)
  },

  'what is cleared is still about the same programs and sockets'() {
    const trace = traceOf(SERVER, CLIENT, ...CONVERSATION.slice(0, 4))
    trace.clear()
    assert.deepEqual([trace.events.length, trace.leftOut], [0, 0])
    for (const line of CONVERSATION.slice(4)) trace.add(line)
    const rows = drawn(trace, { fold: true })
    assert.equal(rows.length, CONVERSATION.length - 4)
    assert.ok(rows.every(row => Math.abs(row.time - 100e6) < 1000), 'the clocks of the programs are known')
    assert.deepEqual(trace.conversations[0].ends.map(end => end.program.name), ['client', 'server'])
    trace.clear() // both have closed
    assert.equal(trace.conversations.length, 0)
  },

  'a thousand conversations that wait cost no more than one does'() {
    const sends = (sockets, each) => Array.from({ length: sockets }, (_, n) => [
      `${n} 1.${n} connect 127.0.0.1:5000`,
      ...Array.from({ length: each }, (_, i) => `${n + i} 1.${n} sent 9 q=${i + 1} 61`),
    ]).flat()
    const cost = lines => {
      const trace = traceOf(CLIENT, ...lines), events = trace.ordered(), shown = trace.conversations.slice(-3)
      const times = Array.from({ length: 9 }, () => {
        const began = performance.now()
        rowsOf(events, { fold: false, shown })
        return performance.now() - began
      })
      return times.sort((a, b) => a - b)[4]
    }
    const [one, many] = [cost(sends(1, 9000)), cost(sends(1000, 8))]
    assert.ok(many < one * 2 + 5, `${many} ms, and one ${one} ms`)
  },

  'bytes are shown as in the lessons'() {
    assert.equal(quoted('e7958c0aff22', 6), String.raw`"界\n\xff\""`)
    assert.equal(quoted('61', 9), '"a…"')
    // What nobody can see is shown as bytes: a byte order mark, a mark that turns the text around, what is no character.
    assert.equal(quoted('efbbbf41e280aeefbfbf', 10), String.raw`"\xef\xbb\xbfA\xe2\x80\xae\xef\xbf\xbf"`)
    assert.equal(dump('00'.repeat(300)).trimEnd().split('\n').length, 38)
    assert.equal(dump('48690a'), '0000  48 69 0a                 Hi·\n')
  },

  'output differs where it is other than what the page shows'() {
    const page = ['server started: port 5000.', '…', 'took 3.1 ms', 'Bye!']
    const differing = lines => [...differences(lines, page)]
    assert.deepEqual(differing(['server started: port 5010.', 'a', 'b', 'took 7 ms', 'Bye!']), [])
    assert.deepEqual(differing(['server started: port 5000.', 'took 7 ms', 'By!']), [[2, 'Bye!']])
    assert.deepEqual(differing(['started']), [[0, page[0]]])
    // More lines than the page shows: it says nothing about them.
    assert.deepEqual(differing([...page, 'one', 'more']), [])
    assert.deepEqual([...differences(['a', 'b'], [])], [])
    assert.deepEqual([...differences(['a', 'b'], ['a', '…'])], [])
  },
}

const CLIENT = '0 1 hello client examples/client.rs unix=100.000000'
const SERVER = '0 2 hello server examples/server.rs unix=100.000000'
const CONVERSATION = [
  '10 1.1 connect 127.0.0.1:5000',
  '11 1.1 connected 127.0.0.1:40000 127.0.0.1:5000',
  '12 2.1 accept 127.0.0.1:5000 127.0.0.1:40000',
  '20 1.1 sent 5 at=examples/client.rs:7 68656c6c6f',
  '30 2.1 received 5 68656c6c6f',
  '31 2.1 sent 3 796573',
  '32 2.1 sent-fin',
  '40 1.1 received 3 796573',
  '41 1.1 received-fin',
  '42 1.1 sent-fin',
  '50 2.1 received-fin',
  '51 2.1 close',
  '60 1.1 close',
]

function traceOf(...lines) {
  const trace = new Trace()
  for (const line of lines) trace.add(line)
  return trace
}

const drawn = (trace, options) => rowsOf(trace.ordered(), { shown: trace.conversations, ...options }).rows

let failed = 0
for (const [name, test] of Object.entries(tests)) {
  try {
    test()
    console.log(`ok ${name}`)
  } catch (error) {
    failed++
    console.log(`NOT ok ${name}: ${error.stack}`)
  }
}
process.exitCode = failed ? 1 : 0
