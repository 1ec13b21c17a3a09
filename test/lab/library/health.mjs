/**
 * Runs in a host's namespace: `health.mjs ADDRESS:PORT`, a server of gRPC with the health service (grpc.health.v1), for which
 * the server as a whole and `shop.Cart` are serving, and `shop.Till` is not. Ends with its stdin.
 */
import { Server, ServerCredentials, status } from '@grpc/grpc-js'

const SERVING = 1
const NOT_SERVING = 2
const services = { '': SERVING, 'shop.Cart': SERVING, 'shop.Till': NOT_SERVING }

const server = new Server()
server.addService(
  {
    check: {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: ({ service }) => Buffer.from(service),
      // A short name: one byte of tag, one of length.
      requestDeserialize: (bytes) => ({ service: bytes.subarray(2).toString() }),
      responseSerialize: (serving) => Buffer.from([8, serving]),
      responseDeserialize: (bytes) => bytes[1] ?? 0,
    },
  },
  {
    check(call, done) {
      const serving = services[call.request.service]
      if (serving === undefined) done({ code: status.NOT_FOUND, details: 'unknown service' })
      else done(null, serving)
    },
  },
)
server.bindAsync(process.argv[2], ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error
  process.stdout.write('{"ready":true}\n')
})
process.stdin.on('end', () => process.exit(0)).resume()
