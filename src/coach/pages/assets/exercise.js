// An exercise: a verdict at each save, the rules as they stand, hints one by one, the solution after passing.

import { listenToKeys } from './keys.js'
import { get, listen, post } from './server.js'
import { find, findAll, language, t } from './words.js'

const VERDICTS_MAX = 20

export function exercisePage(id) {
  const root = find('#verdict'), card = find('.card', root), more = find('[data-hint]'), solution = find('#solution')
  const rules = findAll('.task li').map(item => [find('strong', item)?.textContent, item])
  const verdicts = []
  let shown = null, drawn = null, busy = null

  more.addEventListener('click', async () => {
    more.disabled = true // a second click would ask for the same one
    try {
      const { html, next } = await get('hint', { exercise: id, number: findAll('.hint').length + 1 })
      find('#hints').insertAdjacentHTML('beforeend', html)
      more.hidden = !next
      more.firstChild.textContent = next + ' '
    } catch (error) {
      more.title = error.message
    }
    more.disabled = false
  })

  async function showSolution() {
    const answer = solution.hidden && await get('solution', { exercise: id }).catch(() => null)
    if (!answer) return
    find('code', solution).innerHTML = answer.html
    solution.hidden = false
  }

  function draw() {
    const kept = (busy || shown)?.kept || []
    for (const [name, item] of rules) {
      item.classList.toggle('kept', !busy && !!shown?.passed || kept.includes(name))
      item.classList.toggle('broken', !busy && !!name && shown?.rule === name)
    }
    find('.saves', root).innerHTML = verdicts.map((one, i) => `<button class="save${one.passed ? ' passed' : ''}" data-save="${i}" aria-pressed="${one === shown}">${one.at}</button>`).join('')
    find('[role=status]', root).textContent = busy?.kind === 'building' ? t('building …') : busy?.for ? t('checking: {}', busy.for) : busy ? t('checking …')
      : shown ? t('{}, judged in {} s', shown.at, shown.seconds) : ''
    card.classList.toggle('busy', !!busy)
    if (shown && shown !== drawn) card.innerHTML = shown[language].html // selected, perhaps
    drawn = shown
  }

  root.addEventListener('click', event => {
    const save = event.target.closest('[data-save]')?.dataset.save
    if (save == null) return
    shown = verdicts[save]
    draw()
  })
  const whenOurs = act => event => { if (event.exercise === id) act(event) }
  const work = whenOurs(event => { busy = event; draw() })
  listen('exercise_' + id, {
    saved: work,
    building: work,
    waiting: work,
    verdict: whenOurs(event => {
      busy = null
      shown = { ...event, at: new Date(event.unix).toLocaleTimeString('en-GB') }
      if (verdicts.push(shown) > VERDICTS_MAX) verdicts.shift()
      draw()
      if (event.passed) showSolution()
    }),
    progress({ done, n }) {
      if (done.includes(id)) showSolution()
      // A new connection: the workbench may have forgotten.
      if (!n) post('watch', { exercise: id }).catch(error => card.append(error.message))
    },
    restarted() { busy = null; draw() },
  })
  listenToKeys({ h: () => more.click() })
  draw()
}
