import type { Check } from './check.ts'
import { accountStandard } from './checks/account-standard.ts'
import { acknowledgeRefused, acknowledgeUnknown } from './checks/acknowledge.ts'
import { anotherServer } from './checks/another-server.ts'
import { cFunctions } from './checks/c-functions.ts'
import { charBytes } from './checks/char-bytes.ts'
import { chosenCannotCome } from './checks/chosen-cannot-come.ts'
import { collationDiffers } from './checks/collation-differs.ts'
import { collationMissing } from './checks/collation-missing.ts'
import { columnNeeded } from './checks/column-needed.ts'
import { columnOrderChanges, rowTypeOrder } from './checks/column-order.ts'
import { comesAlong } from './checks/comes-along.ts'
import { computedAnew } from './checks/computed-anew.ts'
import { concurrencyShort } from './checks/concurrency-short.ts'
import { conflictsRefused } from './checks/conflicts-refused.ts'
import { destinationConnect, sourceConnect } from './checks/connect.ts'
import { destinationConnectionsShort, sourceConnectionsShort } from './checks/connections-short.ts'
import { destinationCpuBusy, sourceCpuBusy } from './checks/cpu-busy.ts'
import { databaseMissing } from './checks/database-missing.ts'
import { databaseToCreate } from './checks/database-to-create.ts'
import { destinationRights } from './checks/destination-rights.ts'
import { destinationVersion } from './checks/destination-version.ts'
import { encodingDiffers, encodingUnknown } from './checks/encoding.ts'
import { destinationEventTriggers, sourceEventTriggers } from './checks/event-triggers.ts'
import { expressionBreaksConstraints } from './checks/expression-breaks-constraints.ts'
import { expressionInvalid } from './checks/expression-invalid.ts'
import { expressionOnIdentity } from './checks/expression-on-identity.ts'
import { extensionAwsOnly } from './checks/extension-aws-only.ts'
import { extensionMissing } from './checks/extension-missing.ts'
import { extensionNotCreatable } from './checks/extension-not-creatable.ts'
import { extensionOlder } from './checks/extension-older.ts'
import { extensionRows } from './checks/extension-rows.ts'
import { extensionRowsThere } from './checks/extension-rows-there.ts'
import { extensionSchemaDiffers } from './checks/extension-schema-differs.ts'
import { filterBreaksKeys } from './checks/filter-breaks-keys.ts'
import { filterInvalid } from './checks/filter-invalid.ts'
import { followChangesIdentity, followRefused, followTablesRefused } from './checks/follow.ts'
import { followWalShort } from './checks/follow-wal.ts'
import { foreignTables } from './checks/foreign-tables.ts'
import { indexesInvalid } from './checks/indexes-invalid.ts'
import { dtsCannotReach, instanceChecks } from './checks/instances.ts'
import { sourceJobs } from './checks/jobs.ts'
import { keyChoiceImpossible } from './checks/key-choice-impossible.ts'
import { largeObjects } from './checks/large-objects.ts'
import { ledgerUnusable, runCompleted, runSealed, taskChanged } from './checks/ledger.ts'
import { ledgerSchema } from './checks/ledger-schema.ts'
import { loadBalanced } from './checks/load-balanced.ts'
import { localeAbsent } from './checks/locale-absent.ts'
import { sourceLocksShort } from './checks/locks-short.ts'
import { loginChecks } from './checks/login-weak.ts'
import { longTransactions } from './checks/long-transactions.ts'
import { lz4Missing } from './checks/lz4-missing.ts'
import { monetaryLocale } from './checks/monetary-locale.ts'
import { namesRefused } from './checks/names-refused.ts'
import { objectsExist } from './checks/objects-exist.ts'
import { objectsRefused } from './checks/objects-refused.ts'
import { oldSnapshotThreshold } from './checks/old-snapshot-threshold.ts'
import { ownersNotKept } from './checks/owners-not-kept.ts'
import { parameterRights } from './checks/parameter-rights.ts'
import { parentsNotSelected } from './checks/parents-not-selected.ts'
import { policiesLost } from './checks/policies-lost.ts'
import { preparedTransactions } from './checks/prepared-transactions.ts'
import { privilegedObjects } from './checks/privileged-objects.ts'
import { destinationInRecovery, destinationLocked, sourceInRecovery } from './checks/recovery.ts'
import { regColumns } from './checks/reg-columns.ts'
import { renameBreaksCode } from './checks/rename-breaks-code.ts'
import { publications, subscriptions } from './checks/replication-objects.ts'
import { rightsNotTaken } from './checks/rights-not-taken.ts'
import { rightsWider } from './checks/rights-wider.ts'
import { rolesMissing } from './checks/roles-missing.ts'
import { rolesNotCreatable } from './checks/roles-not-creatable.ts'
import { destinationRowSecurity, rowSecurity } from './checks/row-security.ts'
import { rowsGiveWay } from './checks/rows-give-way.ts'
import { rowsStay } from './checks/rows-stay.ts'
import { runAtWork } from './checks/run-at-work.ts'
import { sameDatabase } from './checks/same-database.ts'
import { scratchImpossible } from './checks/scratch-impossible.ts'
import { filterMatchesNothing } from './checks/selection.ts'
import { sourceDeadlocks, sourceLongStatements } from './checks/source-load.ts'
import { sourceRights } from './checks/source-rights.ts'
import { sourceVersion } from './checks/source-version.ts'
import { storageShort } from './checks/storage-short.ts'
import { tablesLocked } from './checks/tables-locked.ts'
import { computedOtherwise, tablesOtherwise } from './checks/tables-otherwise.ts'
import { tablesWithOids } from './checks/tables-with-oids.ts'
import { tablesWithoutKey } from './checks/tables-without-key.ts'
import { tablespacesLost } from './checks/tablespaces-lost.ts'
import { destinationTemplate, sourceTemplate } from './checks/template-database.ts'
import { destinationTimeouts, sourceTimeouts } from './checks/timeouts.ts'
import { unloggedTables } from './checks/unlogged-tables.ts'
import { versionDiffers } from './checks/version-differs.ts'
import { versionOlder } from './checks/version-older.ts'

/** Every check, in the order in which they are shown. A new one is a file in checks/ and a line here. */
export const checks: readonly Check[] = [
  acknowledgeUnknown,
  acknowledgeRefused,
  // The way to both servers, and what they are
  concurrencyShort,
  ...instanceChecks,
  dtsCannotReach,
  sourceConnect,
  destinationConnect,
  ...loginChecks,
  sameDatabase,
  anotherServer,
  sourceTemplate,
  destinationTemplate,
  databaseMissing,
  databaseToCreate,
  localeAbsent,
  sourceVersion,
  destinationVersion,
  versionOlder,
  versionDiffers,
  sourceInRecovery,
  destinationInRecovery,
  destinationLocked,
  loadBalanced,
  sourceTimeouts,
  destinationTimeouts,
  sourceConnectionsShort,
  destinationConnectionsShort,
  sourceLocksShort,
  storageShort,
  // What is chosen, and the rights to it
  filterMatchesNothing,
  filterInvalid,
  keyChoiceImpossible,
  filterBreaksKeys,
  expressionInvalid,
  expressionBreaksConstraints,
  expressionOnIdentity,
  namesRefused,
  columnNeeded,
  scratchImpossible,
  chosenCannotCome,
  comesAlong,
  parentsNotSelected,
  sourceRights,
  rowSecurity,
  accountStandard,
  destinationRights,
  destinationRowSecurity,
  privilegedObjects,
  rolesNotCreatable,
  rolesMissing,
  ownersNotKept,
  policiesLost,
  rightsNotTaken,
  rightsWider,
  parameterRights,
  // The destination’s state
  runCompleted,
  runSealed,
  taskChanged,
  runAtWork,
  ledgerUnusable,
  ledgerSchema,
  objectsExist,
  conflictsRefused,
  rowsGiveWay,
  rowsStay,
  computedOtherwise,
  tablesOtherwise,
  destinationEventTriggers,
  // What both servers must have in common
  extensionMissing,
  extensionNotCreatable,
  extensionOlder,
  extensionSchemaDiffers,
  extensionAwsOnly,
  extensionRowsThere,
  encodingDiffers,
  encodingUnknown,
  charBytes,
  collationMissing,
  collationDiffers,
  monetaryLocale,
  lz4Missing,
  // What goes on in the source
  oldSnapshotThreshold,
  preparedTransactions,
  longTransactions,
  tablesLocked,
  sourceCpuBusy,
  destinationCpuBusy,
  sourceLongStatements,
  sourceDeadlocks,
  sourceJobs,
  followWalShort,
  followRefused,
  followTablesRefused,
  followChangesIdentity,
  // What the source holds
  objectsRefused,
  rowTypeOrder,
  columnOrderChanges,
  renameBreaksCode,
  cFunctions,
  regColumns,
  extensionRows,
  computedAnew,
  tablesWithOids,
  tablesWithoutKey,
  largeObjects,
  unloggedTables,
  tablespacesLost,
  foreignTables,
  publications,
  subscriptions,
  sourceEventTriggers,
  indexesInvalid,
]
