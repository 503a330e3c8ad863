// What the page says to the workbench, and what it hears.

import { find, language, t } from './words.js'

const RETRY_MS = [1000, 2000, 4000, 8000]

async function answered(response) {
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(answer.error || response.statusText)
  return answer
}

export const post = async (what, body) =>
  answered(await fetch('/api/' + what, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).catch(() => { throw new Error(t('gone')) }))

export const get = async (what, parameters) =>
  answered(await fetch(`/api/${what}?${new URLSearchParams({ lang: language, ...parameters })}`))

const sources = new Map()

/** The lines of a source file as HTML; `null`: it is not one of the course. */
export function source(file) {
  if (!sources.has(file)) sources.set(file, get('source', { file }).then(answer => answer.html.split('\n'), () => sources.delete(file) && null))
  return sources.get(file)
}

/** Listens; `on` maps kinds of events to functions, `restarted` and `other` among them. */
export function listen(page, on) {
  let last = 0, run = '', isOpen = false, failures = 0, since = null, due = 0, tick = null
  const link = find('#link')

  function show() {
    link.classList.toggle('off', since != null)
    link.textContent = since == null ? t(isOpen ? 'others, too' : 'this machine only')
      : t('no answer', since, Math.max(0, Math.ceil((due - Date.now()) / 1000)))
  }

  function open() {
    clearInterval(tick)
    const socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${location.host}/api/events?from=${last + 1}&page=${page}&run=${run}`)
    socket.onopen = () => { failures = 0; since = null }
    socket.onmessage = message => {
      const event = JSON.parse(message.data), act = on[event.kind] ?? on.other
      if (event.kind === 'restarted') last = 0
      if (event.run) {
        ({ run, isOpen } = event)
        show()
      }
      last = event.n || last
      act?.(event)
    }
    socket.onclose = () => {
      since ??= new Date().toLocaleTimeString('en-GB')
      const wait = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]
      due = Date.now() + wait
      setTimeout(open, wait)
      tick = setInterval(show, 500)
      show()
    }
  }
  open()
}
