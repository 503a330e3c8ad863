// The same echo server on Node's `net`: argument 1 says how to echo, `echo` or `pipe`.
'use strict'
const net = require('node:net')

const echo = (socket) => socket.on('data', (data) => socket.write(data))
const pipe = (socket) => socket.pipe(socket)
const serve = process.argv[1] === 'pipe' ? pipe : echo

const server = net.createServer((socket) => {
  socket.on('error', () => {}) // without a listener, one reset would end the whole process
  serve(socket)
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))

// The parent holds the other end of stdin: when it goes, however it goes, so does this process.
process.stdin.on('end', () => process.exit()).resume()
