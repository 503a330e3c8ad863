// What all scripts share: words, finding elements, sizes as people read them.

export const find = (selector, within = document) => within.querySelector(selector)
export const findAll = (selector, within = document) => [...within.querySelectorAll(selector)]
export const part = (root, name) => find(`[data-part=${name}]`, root)

export const language = document.documentElement.lang.slice(0, 2)
const words = JSON.parse(find('#words').textContent)
/** The text in the language of the page; each `{}` stands for the next value. */
export const t = (text, ...values) => (words[text] ?? text).replace(/{}/g, () => values.shift())

export const escape = text => String(text).replace(/[&<>"]/g, c => `&#${c.charCodeAt()};`)

export const count = n => n.toLocaleString('en').replace(/,/g, '\u202f')
export const size = n => n < 10000 ? count(n) + ' B' : n < 1e6 ? (n / 1e3).toFixed(0) + ' kB' : (n / 1e6).toFixed(1) + ' MB'
/** Milliseconds, of microseconds. */
export const ms = (time, digits = 3) => (time / 1000).toFixed(digits)

export const narrow = matchMedia('(max-width: 760px)')

/** Calls `act` at most ten times a second, and for a fifth of the time. */
export function seldom(act) {
  let timer = null, wait = 100
  return () => {
    timer ??= setTimeout(() => {
      const began = performance.now()
      timer = null
      act()
      wait = Math.max(100, 4 * (performance.now() - began))
    }, wait)
  }
}
