import { taskExample } from '../lambdas/core/task/example.ts'

/** What `sampan --help` says below the list of commands. */
export function helpText(): string {
  return `
Moves PostgreSQL databases from Amazon RDS (or any server) to ApsaraDB RDS (or any server). The work is a Step Functions
workflow: "run" runs it on this machine, "start" in the AWS account where it is deployed. Both take the same task.

A task is one JSON document. The smallest one:

${taskText(smallest)}

Between two clouds, access is opened for the run and closed at its end:

${taskText(twoClouds)}

Examples ("sampan" stands for: npm run --silent sampan --)
  sampan init                          ask for both ends and write task.json
  sampan validate task.json            every problem of a task at once
  sampan schema > task.schema.json     its JSON Schema, for an editor
  sampan plan task.json --sql plan.sql what a run would do, and every statement of it; prints a hash
  sampan run task.json --out out       migrate, from this machine
  sampan run task.json --plan HASH     only if the plan is still the one that was looked at
  sampan run task.json --ui            … with a page of this machine that shows it, and moves its limits
  sampan run task.json                 stopped or failed? the same again continues where it was
  sampan run --from postgres://reader@old.example/shop --to postgres://owner@new.example/shop
                                       one database, without a task; PGPASSWORD, ~/.pgpass and service=NAME as for psql
  sampan compare task.json             what differs between both ends now; writes to neither
  sampan compare task.json --repair shop-move
                                       … and make rows and sequences of that run the source's again
  sampan reload task.json --table public.orders
                                       … or copy one table of that run again
  sampan explain DST_LOCK_HELD         what a code means, what to do, SQL to look and to mend
  sampan limits task.json --megabytes-per-second 20
                                       slow a run down while it goes on
  sampan status task.json --watch      look on, from any machine that reaches the destination
  sampan cutover task.json             the writers of a source that is followed are stopped
  sampan pause task.json               the copy stands still until: sampan resume task.json
  sampan doctor task.json              before deploying: the network that reaches the source
  sampan start task.json --stack Sampan --region us-east-1
  sampan status orders-1f2e3d4c --stack Sampan

Passwords
  Best in Secrets Manager ("secret": name or ARN), or "env:NAME" or "file:/path". "password" and "passwordFile" work with
  "run" only, which takes them out of the task before the execution begins. No password is written anywhere.

What is written
  On the destination, a schema "sampan" in each database: the ledger a run continues by.
  With run and plan: DIR/report.json, DIR/report.html and DIR/plan.json (the latest), DIR/runs/NAME/EXECUTION/ (the documents
  of every run), DIR/log.jsonl (what every step did). Where a run has more than a thousand tables, or very many databases, its
  report has totals, what needs attention and the largest tables, and DIR/runs/NAME/EXECUTION/details all.
  With compare: DIR/comparison.json, which has keys of differing rows, and nothing in a database.
  DIR is "out" unless --out says otherwise.

Exit status
  0    done; the task is valid
  1    failed; the summary says at what, and the report everything
  2    the task or the command line is wrong; nothing was started
  3    the precheck refuses, or the plan is another one than --plan says; nothing was copied
  4    done, but objects failed that the task goes on without ("onObjectError": "continue")
  5    compared, and both ends are not equal
  130  stopped: the first Ctrl-C stops cleanly and closes what was opened, the second leaves at once

Errors are two lines: a stable code with the cause, and below it the remedy. sampan explain CODE tells more.
`
}

const { name, source, destination, databases, access } = taskExample
const twoClouds = { name, source, destination, databases, access }

const smallest = {
  name: 'shop-move',
  source: { host: 'old.example', user: 'reader', secret: 'env:OLD_PASSWORD' },
  destination: { host: 'new.example', user: 'owner', secret: 'env:NEW_PASSWORD' },
  databases: [{ name: 'shop' }],
}

const WIDTH = 120

/** JSON with one line per section; who is trusted on a line of its own where that is long. */
function taskText(task: object): string {
  const sections = Object.entries(task).map(([name, value]) => {
    const line = `    ${JSON.stringify(name)}: ${JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ')}`
    return line.length <= WIDTH ? line : line.replace(', "tls"', ',\n      "tls"')
  })
  return `  {\n${sections.join(',\n')}\n  }`
}
