'use strict'
// Before a page is shown: that scripts run, and light or dark as it was chosen.

const remembered = {
  get(name) { try { return localStorage.getItem('net-notes.' + name) } catch { return null } },
  set(name, value) { try { localStorage.setItem('net-notes.' + name, value) } catch { /* not remembered, then */ } },
}

document.documentElement.classList.add('js')
if (remembered.get('theme')) document.documentElement.dataset.theme = remembered.get('theme')

function changeTheme() {
  const chosen = document.documentElement.dataset.theme
  const isDark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  const theme = isDark ? 'light' : 'dark'
  document.documentElement.dataset.theme = theme
  remembered.set('theme', theme)
}

document.addEventListener('DOMContentLoaded', () => {
  document.getElementById('theme')?.addEventListener('click', changeTheme)
})
