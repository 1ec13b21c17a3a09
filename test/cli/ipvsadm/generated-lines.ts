/**
 * Command lines that a die has thrown together: most make sense, some do not. Left out is what we do otherwise on purpose:
 * addresses and marks above 2^31, which ipvsadm sorts by their sign, masks with holes, the kernel's own order, the help.
 */
export function generatedLines(seed: number, count: number): readonly (readonly string[])[] {
  let state = seed
  const below = (limit: number): number => {
    // Numerical Recipes' generator; the high bits are the better ones.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T
  const maybe = (chance: number, words: () => readonly string[]): readonly string[] =>
    below(100) < chance ? words() : []

  const schedulers = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'sh', 'mh', 'dh', 'sed', 'nq', 'fo', 'ovf', 'bogus']
  const flags = ['sh-fallback', 'sh-port', 'mh-fallback', 'mh-port', 'flag-1', 'flag-2', 'flag-3', 'flag-4']
  const ports = ['80', '443', '8080', '53', 'http', 'domain', '0', '65535', '65536', '']
  const port = () => (below(4) > 0 ? one(ports.slice(0, 4)) : one(ports))
  const host = () => one(['10.0.0.1', '10.0.0.2', '[2001:db8::1]', '10.0.0.3', '[2001:db8::2]', 'localhost'])
  const selector = () =>
    below(5) === 0
      ? ['-f', one(['1', '2', '7', '1000', '0', 'x']), ...maybe(40, () => ['-6'])]
      : [one(['-t', '-u', '-t', '--sctp-service', '--tcp-service']), `${host()}:${port()}`]
  const number = () => one(['0', '1', '5', '100', '65535', '65536', '2147483647', '2147483648', '-1', '+3', 'x', ''])
  const small = () => (below(4) > 0 ? String(below(200)) : number())

  const serviceOptions = () => [
    ...maybe(60, () => ['-s', one(schedulers)]),
    ...maybe(30, () => (below(2) === 0 ? ['-p'] : ['-p', one(['10', '600', '2678400', '2678401', '0'])])),
    ...maybe(15, () => ['-M', one(['255.255.255.0', '255.255.0.0', '255.0.0.0', '255.255.255.255'])]),
    ...maybe(15, () => ['-b', [one(flags), ...maybe(40, () => [one(flags)])].join(',')]),
    ...maybe(10, () => ['-o']),
    ...maybe(5, () => ['--pe', one(['sip', 'nothing'])]),
  ]
  const serverOptions = () => [
    ...maybe(80, () => [one(['-m', '-m', '-g', '-i', '-i'])]),
    ...maybe(50, () => ['-w', small()]),
    ...maybe(20, () => ['-x', small()]),
    ...maybe(20, () => ['-y', small()]),
    ...maybe(20, () => ['--tun-type', one(['ipip', 'gue', 'gre', 'vxlan'])]),
    ...maybe(15, () => ['--tun-port', one(['6080', '1', '0', '65536'])]),
    ...maybe(15, () => [one(['--tun-csum', '--tun-nocsum', '--tun-remcsum'])]),
  ]
  const server = () => [
    '-r',
    one(['10.1.0.1', '10.1.0.2:8080', '10.1.0.3:http', '2001:db8::9', '[2001:db8::8]:81', '10']),
  ]
  const listOptions = () => [
    '-n',
    ...maybe(20, () => [one(['--stats', '--rate', '--thresholds', '--persistent-conn', '--tun-info'])]),
    ...maybe(15, () => [one(['--exact', '--sort', '-c', '--timeout', '--daemon'])]),
    ...maybe(20, selector),
  ]
  const stray = () => maybe(4, () => [one(['-n', 'word', '-Q', '--nothing', '-w', '--stats', '-L'])])

  const kinds: readonly (() => readonly string[])[] = [
    () => ['-A', ...selector(), ...serviceOptions()],
    () => ['-A', ...selector(), ...serviceOptions()],
    () => ['-A', ...selector()],
    () => ['-a', ...selector(), ...server(), ...serverOptions()],
    () => ['-a', ...selector(), ...server(), ...serverOptions()],
    () => ['-a', ...selector(), ...server()],
    () => ['-E', ...selector(), ...serviceOptions()],
    () => ['-e', ...selector(), ...server(), ...serverOptions()],
    () => ['-d', ...selector(), ...server()],
    () => ['-D', ...selector()],
    () => ['-Z', ...maybe(60, selector)],
    () => ['-L', ...listOptions()],
    () => ['--set', small(), small(), small()].filter((word) => !word.startsWith('-') || word === '--set'),
  ]
  return Array.from({ length: count }, () => [...one(kinds)(), ...stray()])
}
