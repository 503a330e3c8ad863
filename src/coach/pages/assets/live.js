// What a page does where the workbench serves it.

import { exercisePage } from './exercise.js'
import { listenToKeys } from './keys.js'
import { lessonPage } from './lesson.js'
import { listen, post } from './server.js'
import { wirePage } from './wire.js'
import { find, language } from './words.js'

// Remembered by the coach, too: the terminal speaks the same language.
find('#language').addEventListener('click', event => {
  event.preventDefault()
  const go = () => { location.href = event.target.href }
  post('language', { language: language === 'zh' ? 'en' : 'zh' }).then(go, go)
})

const { page, name } = document.body.dataset
const pages = { lesson: lessonPage, exercise: exercisePage, wire: wirePage }
if (pages[page]) pages[page](name)
else {
  let before = null
  listenToKeys({})
  listen(page, {
    progress({ done, next }) {
      const now = JSON.stringify([done, next])
      if (page === 'path' && before && before !== now) location.reload()
      before = now
    },
  })
}
