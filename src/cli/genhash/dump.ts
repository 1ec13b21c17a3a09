/** What `genhash -v` shows, column for column as keepalived's. */

const dashes = '-'.repeat(23)

/** A line of dashes with the words in its middle. */
export function title(words: string): string {
  const blanks = ' '.repeat(Math.max(1, Math.floor((27 - words.length) / 2)))
  return `${dashes}[${blanks}${words}${blanks}]${dashes}\n`
}

/** Sixteen bytes a line: decimal offset, two halves, what is printable. */
export function hexDump(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const cells = row.map((byte) => byte.toString(16).padStart(2, '0'))
    const left = cells.slice(0, 8).join(' ')
    const right = cells.length > 8 ? ` - ${cells.slice(8).join(' ')}` : ''
    const shown = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    text += `${String(at).padStart(4, '0')}  ${`${left}${right}`.padEnd(49)}   ${shown.padEnd(16)}\n`
  }
  return text
}

/** As it came; what a terminal would obey is a dot. */
export function asciiDump(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes)
    text += (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13 ? String.fromCharCode(byte) : '.'
  return text
}
