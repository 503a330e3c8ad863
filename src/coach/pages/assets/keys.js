// Keys. Single letters can be switched off (WCAG 2.1.4), in the table of them.

import { find, findAll } from './words.js'

export function listenToKeys(own) {
  const dialog = find('dialog'), letters = find('input', dialog)
  const show = () => dialog.showModal()
  const keys = { l: () => find('#language').click(), t: () => find('#theme').click(), '?': show, ...own }
  findAll('.top nav a').forEach((tab, i) => { keys[i + 1] = () => tab.click() })
  letters.checked = remembered.get('letters') !== 'off'
  letters.addEventListener('change', () => remembered.set('letters', letters.checked ? 'on' : 'off'))
  find('#keys').addEventListener('click', show)

  document.addEventListener('keydown', event => {
    const { key, target: { tagName } } = event
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return
    if (/INPUT|SELECT/.test(tagName) && event.target.type !== 'checkbox') {
      if (key === 'Escape') event.target.blur()
      return
    }
    // What has the focus takes the space bar itself.
    if (key === ' ' && /BUTTON|SUMMARY|INPUT/.test(tagName) || key.length > 1 && tagName === 'PRE') return
    const isLetter = key.length === 1 && key !== ' '
    const act = keys[isLetter ? key.toLowerCase() : (event.shiftKey ? 'Shift ' : '') + key]
    if (!act || (isLetter ? event.repeat || !letters.checked : own.isIdle?.())) return
    event.preventDefault()
    act()
  })
}
