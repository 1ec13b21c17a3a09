import type { LoweredRouter } from '../lower/index.ts'
import type { Report } from '../report.ts'

/** Does each virtual router have a name of its own? The second one is left out. */
export function checkNames(routers: readonly LoweredRouter[], report: Report): readonly LoweredRouter[] {
  const taken = new Map<string, LoweredRouter>()
  return routers.filter((router) => {
    const { name } = router.value
    const first = taken.get(name)
    if (first === undefined) {
      taken.set(name, router)
      return true
    }
    report.error('object', router.name, `vrrp_instance ${name} is there twice; the second is left out`, {
      remedy: 'give it another name',
      related: [{ at: first.name, message: 'first used here' }],
    })
    return false
  })
}
