import { type DescribedKeyword, keywordBlocks } from '../../config/index.ts'
import { bold, entry, lines, page, paragraph, plain, section, subsection } from './roff.ts'

/** holdfast.conf(5): the language and every keyword, block by block. */
export function configurationPage(version: string): string {
  return page(
    { name: 'holdfast.conf', number: 5, about: 'configuration of holdfastd: the language of keepalived.conf', version },
    [
      section('SYNOPSIS', plain('/etc/keepalived/keepalived.conf')),
      section(
        'DESCRIPTION',
        paragraph(
          'holdfastd reads the configuration of keepalived. A line is a keyword and its words; a block is a keyword, its name if it has one, and lines in braces. A comment begins with # or ! and ends with the line. `include FILE` reads another file, `$NAME=text` defines what `$NAME` stands for, and a line that begins with `@ID` counts only on the host of this id. The same may be written as YAML or JSON.',
        ),
        paragraph(
          '`holdfastd -t` tells every complaint with file, line and column; `holdfast config explain WORD` tells about one keyword what stands below.',
        ),
        lines(EXAMPLE),
      ),
      section(
        'KEYWORDS',
        paragraph(
          'In what a keyword takes, [ ] is optional, | is or, and capital words are values; a flag takes nothing; a bool takes nothing or true, false, on, off, yes, no. Accepted is what is read, checked and kept, and has no effect.',
        ),
        ...keywordBlocks().map(({ title, keywords }) => subsection(title, ...keywords.map(keywordEntry))),
      ),
    ],
    ['holdfastd(8)', 'holdfast(1)', 'keepalived.conf(5)'],
  )
}

const EXAMPLE = `vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 150
    virtual_ipaddress {
        192.0.2.100/24
    }
}
virtual_server 192.0.2.100 80 {
    lb_kind DR
    real_server 192.0.2.21 80 {
        TCP_CHECK {
        }
    }
}`

function keywordEntry({ names, takes, means, default: otherwise, range, since, accepted }: DescribedKeyword): string {
  const term = names.map(bold).join(', ') + (takes === 'flag' ? '' : ` ${plain(takes)}`)
  const facts = [
    ...(otherwise === undefined ? [] : [`default: ${otherwise}`]),
    ...(range === undefined ? [] : [`range: ${range}`]),
    ...(since === undefined ? [] : [`since: ${since}`]),
    ...(accepted ? ['accepted, without effect'] : []),
  ]
  return entry(term, means, ...(facts.length === 0 ? [] : ['.br', `${facts.join('; ')}.`]))
}
