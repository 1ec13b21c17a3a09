import { helpText } from '../ipvsadm/index.ts'
import { bold, lines, page, paragraph, plain, section } from './roff.ts'

/** holdfast-ipvsadm(8): what `holdfast ipvsadm -h` says, after ipvsadm's version line. */
export function ipvsadmPage(version: string): string {
  const [, ...usage] = helpText.split('\n')
  return page(
    {
      name: 'holdfast-ipvsadm',
      number: 8,
      about: "the forwarding table by hand, with ipvsadm's command line",
      version,
    },
    [
      section('SYNOPSIS', `${bold('holdfast ipvsadm')} ${plain('COMMAND [options]')}`),
      section(
        'DESCRIPTION',
        paragraph(
          "ipvsadm over the embedded core or the kernel's IPVS, with a daemon or without one. What the configuration has the daemon puts back; services that it has not made are left alone by it.",
        ),
        lines(usage.join('\n')),
      ),
    ],
    ['holdfast(1)', 'holdfastd(8)', 'ipvsadm(8)'],
  )
}
