/** The thread in which a large file is tested. */
import { parentPort, workerData } from 'node:worker_threads'
import { carryOut } from './config-test-run.ts'

parentPort?.postMessage(carryOut(workerData))
