// Bytes as text and as hex; they come in hex.

export const fromHex = hex => Uint8Array.from((hex || '').match(/../g) || [], pair => parseInt(pair, 16))

const NAMED = { 10: '\\n', 13: '\\r', 9: '\\t', 0: '\\0', 34: '\\"', 92: '\\\\' }
const SEVERAL = new TextDecoder('utf-8', { fatal: true })

/** As in the lessons: characters as they are, all else as `\n` or `\xff`. */
export function quoted(hex, total) {
  const bytes = fromHex(hex)
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]
    const length = first < 0xc2 ? 1 : first > 0xef ? 4 : first > 0xdf ? 3 : 2
    if (length > 1 && at + length <= bytes.length) {
      try {
        text += /\P{C}/u.exec(SEVERAL.decode(bytes.slice(at, at + length)))[0]
        at += length
        continue
      } catch { /* no character: a byte, then */ }
    }
    text += NAMED[first] ?? (first > 31 && first < 127 ? String.fromCharCode(first) : '\\x' + first.toString(16).padStart(2, '0'))
    at++
  }
  return `"${text}${bytes.length < total ? '…' : ''}"`
}

export function dump(hex) {
  const bytes = fromHex(hex)
  let text = ''
  for (let at = 0; at < bytes.length; at += 8) {
    const line = [...bytes.slice(at, at + 8)]
    const hexes = line.map(byte => byte.toString(16).padStart(2, '0')).join(' ').padEnd(25)
    const characters = line.map(byte => byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·').join('')
    text += `${at.toString(16).padStart(4, '0')}  ${hexes}${characters}\n`
  }
  return text
}
