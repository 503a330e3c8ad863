// The rows as a picture to keep, as `trace::svg` draws them.

import { label, nameOf, says } from './rows.js'
import { escape, ms, size } from './words.js'

const ROW = 28, TIME = 90, WIDTH = 420, TOP = 40
const HUES = { connect: '#1a7f37', data: '#0a5cc2', fin: '#8a3fc7', reset: '#cf222e' }

export function asSvg({ rows, shown, bounds, start }) {
  const x = (conversation, side) => TIME + shown.indexOf(conversation) * (WIDTH + 40) + (side ? WIDTH - 20 : 20)
  const y = number => TOP + number * ROW + ROW / 2
  const text = (left, top, words, more = '') => `<text x="${left}" y="${top}"${more}>${escape(words)}</text>`
  const parts = []
  for (const one of shown) {
    const { low = 0, high = 0 } = bounds.get(one) || {}
    for (const side of [0, 1]) {
      const left = x(one, side), dashes = one.ends[side] ? '' : ' stroke-dasharray="4 3"'
      parts.push(text(left, TOP - 14, nameOf(one, side), ` font-weight="600" text-anchor="${side ? 'end' : 'start'}"`))
      parts.push(`<path d="M${left} ${y(low)}V${y(high)}" stroke="#1f2328" stroke-width="2"${dashes}/>`)
    }
  }
  rows.forEach((row, number) => {
    const top = y(number)
    if (!row.event) return parts.push(text(TIME + WIDTH / 2, top + 4, `${ms(row.silence, 0)} ms`, ' fill="#59636e" text-anchor="middle"'))
    parts.push(text(TIME - 20, top + 4, ms(row.time - start), ' fill="#59636e" text-anchor="end"'))
    const from = x(row.conversation, row.side), to = x(row.conversation, 1 - row.side)
    const hue = HUES[row.kind], step = Math.sign(to - from)
    if (!hue) {
      parts.push(`<circle cx="${from}" cy="${top}" r="3.5"/>`, text(from + step * 12, top + 4, says(row, ''), ` fill="#59636e" text-anchor="${step > 0 ? 'start' : 'end'}"`))
      return
    }
    const amount = row.kind === 'data' ? ' ' + size(row.count) : ''
    const words = label(row), short = words.length > 44 ? words.slice(0, 43) + '…' : words
    parts.push(`<path d="M${from} ${top}H${to - step * 8}" stroke="${hue}" stroke-width="${row.bulk ? 4 : 1.5}"/>`,
      `<path d="M${to} ${top}l${-step * 9} -5v10z" fill="${hue}"/>`,
      text((from + to) / 2, top - 5, short + amount, ` fill="${hue}" text-anchor="middle"`))
  })
  const width = TIME + shown.length * (WIDTH + 40), height = TOP + rows.length * ROW + 20
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12" fill="none">
<rect width="100%" height="100%" fill="#fff"/>
<g fill="#1f2328">${parts.join('\n')}</g>
</svg>
`
}
