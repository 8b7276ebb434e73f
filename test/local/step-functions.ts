import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Answer = { readonly status?: number; readonly body: object }

/** A Step Functions endpoint on loopback: answers each action with what `answers` say, and remembers the calls. */
export async function startStepFunctions(
  answers: Readonly<Record<string, (input: Record<string, unknown>) => Answer>>,
) {
  const calls: { readonly action: string; readonly input: Record<string, unknown> }[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const part of request) text += part
    // Lambda's API is REST: /2015-03-31/functions/<name>/invocations
    const called = /functions\/([^/]+)\/invocations/.exec(request.url ?? '')?.[1]
    const action =
      called === undefined ? (String(request.headers['x-amz-target']).split('.').at(-1) ?? '') : `Invoke:${called}`
    const input = JSON.parse(text)
    calls.push({ action, input })
    const { status = 200, body } = answers[action]?.(input) ?? { status: 400, body: { __type: 'UnknownOperation' } }
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    calls,
    environment: {
      SAMPAN_AWS_ENDPOINT: `http://127.0.0.1:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
