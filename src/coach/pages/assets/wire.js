// The page of the wire: all programs that send here.

import { listenToKeys } from './keys.js'
import { asSvg } from './picture.js'
import { matches } from './rows.js'
import { listen } from './server.js'
import { Trace } from './trace.js'
import { View, gaps } from './view.js'
import { escape, find, part, size, t } from './words.js'

const GROUP = { accept: 'connect', readfin: 'fin', close: 'fin' }
const LINES_MAX = 10000, SOCKETS_MAX = 50

export function wirePage() {
  const root = find('#wire'), trace = new Trace(), lines = []
  const hiddenKinds = new Set(), hidden = new Set()
  const filter = find('[type=search]', root), fold = find('[data-fold]', root)
  const isHello = line => line.includes(' hello '), isPressed = button => button.ariaPressed === 'true'
  const options = () => ({
    fold: isPressed(fold), hidden,
    show: row => !hiddenKinds.has(GROUP[row.kind] || row.kind) && matches(row, filter.value),
  })
  const view = new View(root, trace, options, () => { drawSockets(); drawState() })

  function drawState() {
    const isEmpty = trace.events.length === 0, programs = [...trace.programs.values()]
    part(root, 'empty').hidden = !isEmpty
    part(root, 'lanes').hidden = isEmpty
    part(root, 'message').textContent = [
      ...programs.filter(one => one.hasEnded).map(({ name, pid }) => t('{} (pid {}) ended', name, pid)),
      ...gaps(trace),
    ].slice(-3).join(' · ')
  }

  function drawSockets() {
    const focused = document.activeElement.dataset.conversation
    part(root, 'sockets').innerHTML = [...trace.programs.values()].filter(program => program.sockets.size).map(program =>
      `<h2>${escape(program.name)} <span>pid ${program.pid}</span></h2>${[...program.sockets.values()].slice(-SOCKETS_MAX).map(box).join('')}`).join('')
    if (focused) find(`[data-conversation="${focused}"]`)?.focus()
  }

  function box({ conversation, number, state, sent, received, queue, queueMax }) {
    const meter = queueMax ? `<small>${t('queue')} ${size(queue)}</small><meter max="${queueMax}" value="${queue}"></meter>` : ''
    return `<label class="socket"><input type="checkbox" data-conversation="${trace.conversations.indexOf(conversation)}"${hidden.has(conversation) ? '' : ' checked'}><span class="name">#${escape(number)}</span><span class="muted">${t(state)}</span><small>↑ ${size(sent)} ↓ ${size(received)}</small>${meter}</label>`
  }

  function download(name, text) {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text]))
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }

  function forget() {
    lines.push(...lines.splice(0).filter(isHello))
    hidden.clear()
    view.clear()
  }

  root.addEventListener('input', ({ target }) => {
    const index = target.dataset.conversation
    if (index) hidden[target.checked ? 'delete' : 'add'](trace.conversations[index])
    view.draw()
  })
  root.addEventListener('click', event => {
    const button = event.target.closest('button')
    if (!button) return
    const { kind, save, clear } = button.dataset
    if (button.ariaPressed && button.closest('.chips')) {
      button.ariaPressed = !isPressed(button)
      if (kind) hiddenKinds[isPressed(button) ? 'delete' : 'add'](kind)
      view.draw()
    }
    if (clear != null) forget()
    if (save === 'txt') download('wire.txt', ['net-trace 1', ...lines, ''].join('\n'))
    if (save === 'svg') download('wire.svg', asSvg(view.lanes))
  })

  listen('wire', {
    wire(event) {
      if (lines.push(event.line) > LINES_MAX * 1.1) lines.unshift(...lines.splice(0, lines.length - LINES_MAX).filter(isHello))
      trace.add(event.line)
      view.update()
    },
    progress(event) { if (event.trace) part(root, 'address').textContent = event.trace },
    'left-out'(event) { trace.leftOut += event.count; view.update() },
    gone({ pid }) {
      const program = trace.programs.get(pid + '')
      if (program) program.hasEnded = true
      view.update()
    },
    restarted() { trace.programs.clear(); trace.conversations = []; forget() },
  })
  listenToKeys({ ...view.keys(), '/': () => filter.focus(), z: () => fold.click() })
  view.draw()
}
