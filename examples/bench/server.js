// The same servers on Node: argument 1 says which, `echo` or `pipe` on `net`, or `http`.
'use strict'
const net = require('node:net')
const http = require('node:http')

const echo = (socket) => socket.on('data', (data) => socket.write(data))
const pipe = (socket) => socket.pipe(socket)
const serve = process.argv[1] === 'pipe' ? pipe : echo

const server = process.argv[1] === 'http'
  ? http.createServer((request, response) => response.end('hello'))
  : net.createServer((socket) => {
    socket.on('error', () => {}) // without a listener, one reset would end the whole process
    serve(socket)
  })
server.listen(0, '127.0.0.1', () => console.log(server.address().port))

// The parent holds the other end of stdin: when it goes, however it goes, so does this process.
process.stdin.on('end', () => process.exit()).resume()
