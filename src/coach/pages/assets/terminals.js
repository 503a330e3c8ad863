// The terminals of a session: what is printed and typed, and what differs from the page.

import { post } from './server.js'
import { escape, find, findAll, seldom, t } from './words.js'

/** What differs from run to run, as one: times, ports, addresses. */
const steady = line => line.replace(/\r/g, '').replace(/(127\.0\.0\.1|\[::1\]|localhost|port):? ?\d{2,5}/g, '$1').replace(/\b5\d{3}\b/g, 'P').replace(/\d+(\.\d+( ?m?s)?| ?m?s)\b/g, 'T').replace(/\s+/g, ' ').trim()

/** By number, the lines of `actual` that differ, and what the page shows; `…` is any lines. */
export function differences(actual, expected) {
  const differing = new Map()
  let at = 0
  actual.forEach((line, number) => {
    const now = steady(line), said = i => steady(expected[i] ?? '')
    if (!now) return
    while (at < expected.length && !said(at)) at++
    if (said(at) === '…') {
      if (said(at + 1) !== now) return
      at++
    }
    if (at >= expected.length) return
    const later = expected.slice(at, at + 4).findIndex(other => steady(other) === now)
    if (later < 0) differing.set(number, expected[at])
    at += Math.max(later, 0) + 1
  })
  return differing
}

export class Terminals {
  constructor(root) {
    this.root = root
    root.addEventListener('submit', event => {
      const input = find('input', event.target)
      event.preventDefault()
      this.ask('input', event, { text: input.value + '\n' })
      input.value = ''
    })
    root.addEventListener('click', event => {
      if ('end' in event.target.dataset) this.ask('input', event, { end: true })
      if ('stop' in event.target.dataset) this.ask('stop', event, {})
    })
  }

  begin(expected, session) {
    this.session = session
    this.panes = new Map()
    this.root.textContent = ''
    for (const [name, lines] of expected) {
      const box = find('#terminal').content.firstElementChild.cloneNode(true)
      box.dataset.terminal = name
      find('span', box).textContent = `${t('Terminal')} ${name}`
      find('pre', box).ariaLabel = `${t('Terminal')} ${name}`
      this.root.append(box)
      const pane = { box, text: '', isRunning: false, expected: lines }
      pane.update = seldom(() => this.draw(pane))
      this.panes.set(name, pane)
    }
  }

  ask(what, { target }, body) {
    const { terminal } = target.closest('.terminal').dataset
    post(what, { session: this.session, terminal, ...body }).catch(error => this.say(this.panes.get(terminal), error.message))
  }

  say({ box }, text) { find('.state', box).textContent = text }

  take(event) {
    const pane = this.panes.get(event.terminal)
    if (!pane) return
    switch (event.kind) {
      case 'build': return this.say(pane, t('building …'))
      case 'start':
        if (pane.text && !pane.text.endsWith('\n')) pane.text += '\n'
        pane.text += `\x01$ ${event.command.replace(/\n/g, '\n\x01> ')}\n`
        pane.isRunning = true
        break
      case 'out':
        pane.text += event.stream === 'in' ? event.text.replace(/\n/g, '\x02\n') : event.text
        break
      case 'exit':
        pane.isRunning = false
        pane.status = event.status
    }
    pane.update()
  }

  /** What ran here is gone. */
  end() {
    for (const pane of this.panes.values()) {
      pane.isRunning = false
      pane.update()
    }
  }

  draw(pane) {
    const { box, isRunning, status } = pane, pre = find('pre', box)
    const isAtEnd = pre.scrollTop + pre.clientHeight > pre.scrollHeight - 20
    const lines = pane.text.replace(/\r(?!\n)/g, '').split('\n')
    // The last one is not complete.
    const differing = differences(lines.slice(0, -1).filter(line => !/^\x01|\x02$/.test(line)), pane.expected)
    let number = 0
    pre.innerHTML = lines.map(line => {
      if (line[0] === '\x01') return `<span class="p">${line.slice(1, 3)}</span><b>${escape(line.slice(3))}</b>`
      if (line.endsWith('\x02')) return `<u>${escape(line.slice(0, -1))}⏎</u>`
      const said = differing.get(number++)
      return said == null ? escape(line) : `<span class="differs">${escape(line)} <small>${t('the page says:')} ${escape(said)}</small></span>`
    }).join('\n') + (isRunning ? '<span class="cursor"></span>' : '')
    if (isAtEnd) pre.scrollTop = pre.scrollHeight
    this.say(pane, isRunning ? t('running') : status == null ? '' : status === '0' ? t('ended') : t('ended: {}', status))
    for (const control of findAll('input, button', box)) control.disabled = !isRunning
  }
}
