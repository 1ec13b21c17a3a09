/**
 * `holdfast doctor`: looks at a director from all sides and explains what is wrong, why it matters and what mends it. It asks the
 * links (ARP probes, knocks at ports that are taken back, listening), reads files and settings, and changes nothing. Facts are gathered
 * once; checks are functions of them, in the order of causes. It asks by IPv4 only, and only what is on a link of this host.
 */

export { type DoctorCommand, runDoctor } from './run.ts'
