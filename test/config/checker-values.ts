import fc from 'fast-check'
import { type Checker, type CheckTarget, type CheckTiming, dnsTypes, USUAL_PAYLOAD } from '../../src/model/index.ts'

/** Checkers of other protocols than HTTP, with the timing and the target of one that there is. */
export const serviceCheckers = (
  probes: fc.Arbitrary<{ readonly timing: CheckTiming; readonly target: CheckTarget }>,
  word: fc.Arbitrary<string>,
): fc.Arbitrary<Checker> =>
  fc
    .record({
      probe: probes,
      word,
      name: fc.constantFrom('.', 'example.com', 'a.b.c'),
      type: fc.constantFrom(...dnsTypes),
      payload: fc.constantFrom(USUAL_PAYLOAD, '00', '00ff10'),
      reply: fc.option(
        fc.record(
          {
            pattern: fc.constantFrom('00', 'xx1x', 'ff'),
            minLength: fc.nat(9),
            maxLength: fc.integer({ min: 9, max: 65_535 }),
          },
          { requiredKeys: ['minLength', 'maxLength'] },
        ),
        { nil: undefined },
      ),
    })
    .chain(({ probe: { timing, target }, word: heloName, name, type, payload, reply }) =>
      fc.constantFrom<Checker>(
        { kind: 'smtp', timing, target, heloName },
        { kind: 'dns', timing, target, name, type },
        { kind: 'udp', timing, target, payload, ...(reply === undefined ? {} : { reply }) },
        { kind: 'ping', timing, target: { ...target, port: 0 } },
      ),
    )
