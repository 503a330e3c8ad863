// A lesson: a button at each session of console blocks, which runs its commands in the stage.

import { listenToKeys } from './keys.js'
import { listen, post } from './server.js'
import { Terminals } from './terminals.js'
import { Trace } from './trace.js'
import { View, gaps } from './view.js'
import { find, findAll, narrow, part, t } from './words.js'

export function lessonPage(name) {
  const article = find('article'), stage = find('#stage'), split = find('.split')
  const tabs = findAll('.tab', stage), stop = find('[data-stop]', stage)
  const sessions = readSessions(article, tabs, part(stage, 'terminals'))
  if (!sessions.length) {
    listen(name, {})
    return listenToKeys({})
  }
  const view = new View(stage, null, () => ({ fold: true }), () => say(chosen, chosen.says))
  let chosen = null

  function say(session, text) {
    session.says = text
    part(stage, 'state').textContent = [chosen.says + chosen.note, ...gaps(chosen.trace)].join(' · ')
    stop.hidden = !chosen.number
  }

  function choose(session) {
    part(stage, 'terminals').replaceWith(session.terminals.root)
    chosen = session
    for (const tab of tabs) tab.setAttribute('aria-pressed', tab === session.tab)
    for (const bar of findAll('.run', article)) bar.classList.toggle('on', bar.dataset.session === session.block)
    view.trace = session.trace
    view.reset()
    say(session, session.says)
  }

  function run(session) {
    choose(session)
    showStage(true)
    post('run', { page: name, block: +session.block }).catch(error => say(session, error.message))
  }

  /** All tabs of this page show what one of them runs. */
  function begin({ page, block, session: number }) {
    const session = page === name && sessions.find(one => +one.block === block)
    if (!session) return
    Object.assign(session, { number, trace: new Trace(), says: t('starting …'), note: '' })
    session.terminals.begin(session.expected, number)
    choose(session)
  }

  function end(session, why) {
    session.number = 0
    session.terminals.end()
    say(session, why || t('ended'))
  }

  function take(event) {
    const session = sessions.find(one => one.number === event.session)
    if (!session) return
    switch (event.kind) {
      case 'wire':
        session.trace.add(event.line)
        if (session === chosen) view.update()
        return
      case 'port': return session.note += ' · ' + t('port {} is {} here', event.page, event.used)
      case 'over': return end(session, event.why)
      case 'start': say(session, t('running'))
    }
    session.terminals.take(event)
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
  stop.addEventListener('click', () => post('stop', { session: chosen.number }).catch(error => say(chosen, error.message)))
  listen(name, {
    run: begin,
    restarted() { for (const session of sessions) if (session.number) end(session) },
    'left-out'({ count }) { for (const { trace } of sessions) trace.leftOut += count },
    other: take,
  })
  choose(sessions[0])
  const go = by => run(sessions.at((sessions.indexOf(chosen) + by) % sessions.length))
  listenToKeys({ ...view.keys(), r: () => run(chosen), n: () => go(1), p: () => go(-1) })
  showStage(!narrow.matches)
}

/** The sessions of the page, and what it shows in their terminals. */
function readSessions(article, tabs, place) {
  const sessions = tabs.map(tab => ({
    tab, block: tab.dataset.block, expected: new Map(), number: 0, says: '', note: '', trace: new Trace(), terminals: new Terminals(place.cloneNode()),
  }))
  for (const bar of findAll('.run', article)) {
    const { expected } = sessions.find(one => one.block === bar.dataset.session), pre = bar.nextElementSibling
    const { terminal } = pre.dataset, lines = pre.textContent.split('\n').filter(line => !/^(\$ |> |\^[CD]$)|⏎$/.test(line))
    expected.set(terminal, [...expected.get(terminal) || [], ...lines])
  }
  for (const { terminals, expected } of sessions) terminals.begin(expected)
  return sessions
}
