import { handler } from '../../../lambdas/stages/schema/index-handler.ts'

// A process to be killed: one lane of BuildIndexes, with the event that it is given.
const event = JSON.parse(process.env.SAMPAN_TEST_EVENT ?? '{}')
const until = Date.now() + 120_000
const answer = await handler(event, { awsRequestId: 'child', getRemainingTimeInMillis: () => until - Date.now() })
process.stdout.write(`${JSON.stringify(answer)}\n`)
