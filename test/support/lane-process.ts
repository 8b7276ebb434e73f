/**
 * One call of CopyLane in a process of its own, by the bundle that is deployed: says how it ended and how much memory it
 * took. Arguments: the bundle's directory, the event.
 */
const [, , directory = '', event = '{}'] = process.argv
const { handler } = await import(`${directory}/index.mjs`)
const until = Date.now() + 120_000
const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => until - Date.now() }
const { verdict, error } = await handler({ ...JSON.parse(event), lane: 0 }, context)
process.stdout.write(JSON.stringify({ verdict, error, peakBytes: process.resourceUsage().maxRSS * 1024 }))
