/** The thread in which a large file is tested. */
import { parentPort, workerData } from 'node:worker_threads'
import { carryOut } from './config-test.ts'

parentPort?.postMessage(carryOut(workerData))
