// A lesson: a button at each session of console blocks, which runs its commands in the stage.

import { listenToKeys } from './keys.js'
import { listen, post } from './server.js'
import { Terminals } from './terminals.js'
import { Trace } from './trace.js'
import { View } from './view.js'
import { find, findAll, narrow, part, t } from './words.js'

export function lessonPage(name) {
  const article = find('article'), stage = find('#stage'), split = find('.split')
  const tabs = findAll('.tab', stage), stop = find('[data-stop]', stage)
  const sessions = readSessions(article, tabs)
  if (!sessions.length) {
    listen(name, {})
    return listenToKeys({})
  }
  const terminals = new Terminals(part(stage, 'terminals'))
  const view = new View(stage, new Trace(), () => ({ fold: true }))
  let chosen = null, running = null, early = []

  const say = text => { part(stage, 'state').textContent = text }

  function choose(session) {
    chosen = session
    for (const tab of tabs) tab.setAttribute('aria-pressed', tab === session.tab)
    for (const bar of findAll('.run', article)) bar.classList.toggle('on', bar.dataset.session === session.block)
    terminals.begin(session.expected)
    view.clear()
  }

  async function run(session) {
    choose(session)
    showStage(true)
    say(t('starting …'))
    running = null
    early = []
    try {
      running = terminals.session = (await post('run', { page: name, block: +session.block })).session
      early.forEach(take) // what came before the answer
    } catch (error) {
      say(error.message)
    }
  }

  function take(event) {
    if (event.session == null) return
    if (running == null) return early.push(event)
    if (event.session !== running) return
    switch (event.kind) {
      case 'wire': view.trace.add(event.line); return view.update()
      case 'port': return say(t('port {} is taken: it runs on {}', event.page, event.used))
      case 'over': stop.hidden = true; return say(t('ended'))
      case 'start': stop.hidden = false; say(t('running'))
    }
    terminals.take(event)
  }

  function showStage(isShown) {
    split.classList.toggle('on-stage', isShown)
    for (const tab of findAll('.phone button')) tab.setAttribute('aria-pressed', 'stage' in tab.dataset === isShown)
    view.lanes.layOut()
    view.lanes.paint()
  }

  find('.phone').addEventListener('click', event => showStage('stage' in event.target.dataset))
  article.addEventListener('click', event => {
    const block = event.target.closest('[data-run]')?.dataset.run
    if (block) run(sessions.find(one => one.block === block))
  })
  for (const session of sessions) session.tab.addEventListener('click', () => choose(session))
  stop.addEventListener('click', () => post('stop', { session: running }).catch(error => say(error.message)))
  const kinds = ['build', 'start', 'out', 'exit', 'wire', 'port', 'over']
  listen(name, Object.fromEntries(kinds.map(kind => [kind, take])))
  choose(sessions[0])
  const go = by => run(sessions.at((sessions.indexOf(chosen) + by) % sessions.length))
  listenToKeys({ ...view.keys(), r: () => run(chosen), n: () => go(1), p: () => go(-1) })
  showStage(!narrow.matches)
}

/** The sessions of the page, and what it shows in each terminal. Puts a bar above each block. */
function readSessions(article, tabs) {
  const sessions = tabs.map(tab => ({ tab, block: tab.dataset.block, expected: new Map() }))
  const blocks = article.dataset.sessions?.split(' ')
  findAll('pre[data-block]', article).forEach((pre, i) => {
    const session = sessions.find(one => one.block === blocks[i]), { terminal } = pre.dataset
    const button = session.expected.size ? '' : `<button data-run="${session.block}">▶ ${t('Run')}</button>`
    const lines = pre.textContent.split('\n').filter(line => !/^(\$ |> |\^[CD]$)|⏎$/.test(line))
    session.expected.set(terminal, [...session.expected.get(terminal) || [], ...lines])
    pre.insertAdjacentHTML('beforebegin', `<div class="run" data-session="${session.block}"><span>${t('Terminal')} ${terminal}</span>${button}</div>`)
  })
  return sessions
}
