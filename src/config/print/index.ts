/**
 * A model as the text of a keepalived.conf that means exactly it: defaults and inheritance are spelt out, definitions and
 * includes are gone. For `holdfast config print` and for the test that reading undoes printing. Follows keepalived.conf(5).
 */

import type { Configuration } from '../../model/index.ts'
import { bfdSessionText } from './bfd-session.ts'
import { globalText } from './global-defs.ts'
import { staticsText } from './routing.ts'
import { syncGroupText } from './sync-group.ts'
import { tlsClientText } from './tls-client.ts'
import { trackFileText, trackProcessText, trackScriptText } from './tracker.ts'
import { routerText } from './virtual-router.ts'
import { localGroupsText, serverGroupsText, serverText } from './virtual-server.ts'
import { textLines } from './words.ts'

/** Passwords are starred out unless `secrets` is `shown`; only then does the text read back to the same model. */
export function print(
  of: Configuration,
  { secrets = 'hidden' }: { readonly secrets?: 'shown' | 'hidden' } = {},
): string {
  const groups = localGroupsText(of.virtualServers)
  const blocks = [
    ...globalText(of, secrets).map((text) => [text]),
    ...(of.global.tlsClient === undefined ? [] : [[tlsClientText(of.global.tlsClient, secrets)]]),
    ...of.trackScripts.map((script) => [trackScriptText(script)]),
    ...of.trackFiles.map((file) => [trackFileText(file)]),
    ...of.trackProcesses.map((process) => [trackProcessText(process)]),
    ...of.bfdSessions.map((session) => [bfdSessionText(session)]),
    ...(of.statics === undefined ? [] : staticsText(of.statics)).map((text) => [text]),
    ...of.virtualRouters.map((router) => [routerText(router, secrets)]),
    ...of.syncGroups.map((group) => [syncGroupText(group)]),
    ...groups.texts.map((group) => [group]),
    ...serverGroupsText(of.virtualServers).map((group) => [group]),
    ...of.virtualServers.map((server) => [serverText(server, groups.names)]),
  ]
  return `${blocks.map((block) => textLines(block).join('\n')).join('\n\n')}\n`
}
