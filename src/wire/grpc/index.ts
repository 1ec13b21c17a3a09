/**
 * The health service of gRPC (grpc.health.v1, Check): its request and its response, each one message of protobuf in one
 * frame of gRPC over HTTP/2. Of protobuf only what these two need. Nothing compressed is made or read.
 */

export {
  decodeHealthResponse,
  encodeHealthRequest,
  type HealthResponseFault,
  SERVING,
  servingStatusName,
} from './health.ts'
