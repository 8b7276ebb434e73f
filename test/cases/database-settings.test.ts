import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test('what is set for the database, its rights and its comment come last, and a run does not stumble over them', {
  tags: 'long',
}, async () => {
  const opened = await openCase('database-settings')
  const run = await opened.run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await run.checks()).toEqual([])
  expect(await run.destinationChecks()).toEqual([
    [['app, "Odd, ""One""", "$user", public', 'hush, "it\'s\\ mine', '7s']],
    [['-1']],
  ])
  expect(await run.differences({ rows: true })).toEqual([])
  const { name } = opened.destination
  const left = run.objects.filter(({ status }) => status === 'skipped')
  expect(left.map(({ kind, name, reason }) => `${kind} ${name}: ${reason}`)).toEqual([
    'DATABASE PROPERTIES rds.force_ssl: it is a setting of Amazon RDS',
    `DATABASE PROPERTIES session_preload_libraries: which libraries a session loads is the server’s own matter, and one that is absent locks all out; where it is wanted: ALTER DATABASE "${name}" SET "session_preload_libraries" TO 'auto_explain'`,
    `DATABASE PROPERTIES work_mem of gone_settings: role "gone_settings" does not exist; where it is wanted: ALTER ROLE "gone_settings" IN DATABASE "${name}" SET "work_mem" TO '9MB'`,
    `DATABASE PROPERTIES CONNECTION LIMIT: it would count this run’s own sessions; where it is wanted: ALTER DATABASE "${name}" CONNECTION LIMIT 77`,
    `DATABASE PROPERTIES OWNER: the run needs the database’s rights to its end; from 15 on its owner may create in public; where it is wanted: ALTER DATABASE "${name}" OWNER TO "owner_settings"`,
    `ACL DATABASE ${name} gone_settings: role "gone_settings" does not exist; where it is wanted: GRANT CREATE ON DATABASE "${name}" TO "gone_settings"`,
  ])
  // The same again: the precheck and the rest read a database that is read-only by default.
  expect((await opened.run({ name: run.report.run })).outcome).toMatchObject({ exitStatus: 0, error: null })
})

test('where the account does not own the database it is all listed, with the statements, and no value of a setting of one’s own', {
  tags: 'long',
}, async () => {
  const opened = await openCase('database-settings-not-owned')
  const run = await opened.run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  const { name } = opened.destination
  for (const statement of [
    `ALTER DATABASE "${name}" SET "search_path" TO 'app', 'public'`,
    `ALTER DATABASE "${name}" SET "app.secret" TO (as on the source)`,
    `REVOKE TEMPORARY ON DATABASE "${name}" FROM PUBLIC`,
    `COMMENT ON DATABASE "${name}" IS 'ours'`,
  ]) {
    expect(run.summary).toContain(`where it is wanted: ${statement}`)
  }
  expect(JSON.stringify(run.report)).not.toContain('hush')
})
