/** Cause and remedy of one code, where the sources compute them, or a note of the run has no remedy of its own. */
export interface Words {
  readonly cause?: string
  readonly remedy?: string
}

const NOTHING = 'nothing to do'
const START_AGAIN = 'start the same task again: it continues where it was'
const APPROVE = 'take the block out of access.dtsCidrs, or add this code to precheck.acknowledge where it is meant'

/** The same for what both servers may answer. @param state the SQLSTATE */
function answer(state: string, remedy: (side: string) => string): Readonly<Record<string, Words>> {
  return {
    [`SRC_SQL_${state}`]: { remedy: remedy('source') },
    [`DST_SQL_${state}`]: { remedy: remedy('destination') },
  }
}

const missing = (what: string) => (side: string) =>
  `make what is missing on the ${side} (${what}) and start the task again; or exclude the object that needs it`
const inTheWay = (side: string) =>
  `rename or drop what has the name on the ${side}, if it is not needed; start the task again`

/**
 * Hand-written, by code. What stands here goes before what the sources say. A code that the sources do not have any more makes
 * the generator stop.
 */
export const words: Readonly<Record<string, Words>> = {
  NO_PROGRESS: {
    cause: 'nothing that is counted has moved for as long as --notify-still says',
    remedy:
      'look which session waits for what, on both servers; where nothing does, sampan status TASK --watch shows what goes on',
  },
  // Access
  ACCESS_BLOCKS_INTERNET: {
    cause: 'the blocks open too much of the Internet: more than a /8 of IPv4 or a /16 of IPv6 in all',
    remedy: 'list the blocks that need to come in, or set access.dtsCidrs to "none"; no approval opens so many',
  },
  ACCESS_BLOCKS_MANY: { cause: 'the blocks are more than 200, or more than 262,144 addresses', remedy: APPROVE },
  ACCESS_BLOCK_BROAD: { cause: 'a block is broader than /16 (IPv6: /32)', remedy: APPROVE },
  ACCESS_BLOCK_PRIVATE: { cause: 'a block is not public: it belongs to a network of its own', remedy: APPROVE },
  ACCESS_BLOCK_INVALID: {
    cause: 'a block is none: no address with a prefix length',
    remedy: 'write an address and a prefix length in access.dtsCidrs, such as 203.0.113.0/24',
  },
  ACCESS_BLOCK_BEYOND_STACK: {
    cause: 'a block is broader than the deployed stack allows, or all of them are together',
    remedy: 'name narrower blocks, or deploy the stack with a wider broadestBlock',
  },
  ACCESS_BLOCKS_REFUSED: {
    remedy: 'read the code of each block in the message: sampan explain CODE; acknowledge it, or take the block out',
  },
  ACCESS_LEFT_OPEN: {
    remedy:
      'nothing at first: the next sweep closes it (every 15 minutes in the cloud, sampan sweep TASK on one machine)',
  },
  ACCESS_WHITELIST_STOOD: {
    cause: 'addresses stood in the run’s whitelist group that no execution with documents here has put there',
    remedy: 'where no run of the task is at work any more: sampan sweep TASK takes them out',
  },
  ACCESS_RECORD_UNWRITTEN: {
    remedy: 'nothing is open; give the workers the right to write the artefacts (s3:PutObject)',
  },
  ACCESS_REFUSED: {
    cause: 'the way to both servers cannot be opened: {code and cause of each}',
    remedy: 'the message names the code of each side: sampan explain CODE',
  },
  ACCESS_TEMPORARY_GROUPS: {
    remedy: 'nothing to do: the groups go with the run; with fewer blocks in access.dtsCidrs none are needed',
  },
  ACCESS_WORKERS_SHUT_OUT: { cause: 'the workers cannot come to the {side}: {why, by the layout of the network}' },
  DTS_CIDRS: { remedy: 'nothing to do; "none" as access.dtsCidrs opens none: Sampan itself needs none of them' },
  DTS_CIDRS_DIFFER: {
    remedy: 'nothing to do for Sampan; where DTS itself is used, name the blocks in access.dtsCidrs',
  },
  DTS_CIDRS_DROPPED: { remedy: NOTHING },
  DTS_CIDRS_UNCHECKED: {
    cause: 'only one of the two lists of DTS blocks could be had, so they were not compared',
    remedy: 'nothing to do for Sampan; to compare them, allow dts:DescribeDTSIP',
  },
  DTS_REGION_UNKNOWN: { remedy: 'nothing to do; give destination.region if DTS itself is to come in' },
  RULES_OF_ANOTHER_STACK: {
    remedy: 'do not stop the other execution before this run is done; started again, the task opens rules of its own',
  },
  SWEEP_INCOMPLETE: { cause: 'the sweep could not close all that ended runs have left open: {what}' },
  WHITELIST_NOTHING: {
    remedy: 'name the address the workers leave by in access.whitelistAddresses, unless the whitelist has it already',
  },

  // Clouds
  ALIBABA_CREDENTIALS_MISSING: { cause: 'no access key of Alibaba Cloud is given' },
  ALIBABA_OIDC_AUDIENCE_REFUSED: {
    cause: 'the OIDC provider in RAM does not have the audience of the token as a client ID',
  },
  ALIBABA_OIDC_FINGERPRINT_REFUSED: {
    cause: 'the certificate of the issuer is none whose fingerprint the OIDC provider in RAM has',
  },
  ALIBABA_OIDC_PROVIDER_MISSING: { cause: 'there is no OIDC provider of this ARN in RAM' },
  ALIBABA_OIDC_TOKEN_EXPIRED: { cause: 'the token that AWS has signed came to Alibaba Cloud when it had ended' },
  ALIBABA_OIDC_TOKEN_REFUSED: { cause: 'Alibaba Cloud does not take the token that AWS has signed' },
  ALIBABA_ROLE_MISSING: { cause: 'there is no RAM role of this ARN' },
  ALIBABA_ROLE_TRUSTS_OTHERS: { cause: 'the trust policy of the RAM role does not let this token in' },
  ALIBABA_PERMISSION_MISSING: {
    remedy: 'allow the action to the RAM user or role (docs/permissions.md has the policy)',
  },
  AWS_CREDENTIALS_REFUSED: { remedy: 'renew the credentials (aws sso login), and check the clock of this machine' },
  AWS_IDENTITY_TOKEN_DENIED: { cause: 'the role that this runs by may not get a token for Alibaba Cloud' },
  AWS_OUTBOUND_FEDERATION_OFF: { cause: 'outbound identity federation is not switched on in this AWS account' },
  AWS_SESSION_ENDING: { cause: 'the AWS session ends before a token for Alibaba Cloud would' },
  AWS_PERMISSION_MISSING: { remedy: 'allow the action that the message names (docs/permissions.md has the policies)' },
  AWS_UNREACHABLE: { remedy: 'check the way to the AWS endpoint: route, NAT, VPC endpoint, proxy; it is tried again' },
  SECRET_NOT_FOUND: {
    remedy: 'check name or ARN, region and account; or set the variable, or write the file, it names',
  },
  SECRET_UNREADABLE: {
    remedy:
      'allow secretsmanager:GetSecretValue (and kms:Decrypt of its key), or make the file readable; see the message',
  },
  SOURCE_ROLE_REFUSED: { cause: 'the role in the source’s account may not be taken: {message}' },

  // Objects
  COMES_ALONG: { remedy: `${NOTHING}; exclude what needs them if they are not wanted` },
  CONSTRAINT_NOT_VALID: {
    cause: '{constraint}: NOT VALID: rows do not hold it ({sqlstate}), and only new ones are checked',
    remedy: 'mend the rows, which the query in the message finds, then run the VALIDATE CONSTRAINT that it gives',
  },
  DST_TABLES_MET: {
    cause: 'tables stand on the destination already, and the task says what becomes of them ("conflicts")',
    remedy: NOTHING,
  },
  DST_TABLES_OTHERWISE: {
    cause:
      'tables that stand on the destination are in part otherwise than the source’s, which keeps no row from coming by itself',
    remedy: 'change them by hand on the destination where the source’s form is wanted',
  },
  DST_TABLES_LACK: {
    cause:
      'tables that stand on the destination have not all that the source’s have: indexes, keys, triggers; nothing of it is made',
    remedy:
      'make by hand behind the run what is wanted of it; sampan plan --sql of a task without "existing" has the statements',
  },
  DST_OBJECTS_REFUSED: {
    remedy: 'change or drop them on the source, or acknowledge this code: they are left out, with what needs them',
  },
  ...answer(
    '23505',
    (side) => `look for rows of earlier attempts and other writers on the ${side}; empty the table there, start again`,
  ),
  ...answer('42704', missing('a type, a role, a collation, an extension')),
  ...answer('42883', missing('a function, an extension; or the search_path of the function that calls it')),
  ...answer('42P01', missing('a table, a view; or the search_path of the function that names it')),
  ...answer('42710', inTheWay),
  ...answer('42P07', inTheWay),
  ...answer('55P03', (side) => `nothing to do at first: it is tried again; see who holds the lock on the ${side}`),
  ...answer(
    'UNKNOWN',
    (side) => `look the SQLSTATE up in PostgreSQL’s manual, appendix A; mend the cause on the ${side}, start again`,
  ),
  OBJECTS_FAILED: {
    cause: '{number} objects could not be created, or not be given to their owners: {list}',
    remedy:
      'the report lists them all: mend the cause on the destination and start again; or set onObjectError to "continue" and start again, to go on without them',
  },
  OBJECTS_OPEN: { cause: '{number} objects have not been dealt with: {list}', remedy: START_AGAIN },
  PG_DUMP_NOTICE: { cause: 'pg_dump said something beside the objects: {message}', remedy: `${NOTHING} as a rule` },
  PLAN_MADE_ANEW: { remedy: 'nothing to do; hold back changes of the schema while a migration runs' },
  READER_RIGHTS_LEFT_OUT: { remedy: 'nothing to do; create the role on the destination first if it is to have them' },
  SEQUENCE_WENT_BACK: {
    remedy: 'set it by hand on the destination if the lower value is meant: no key given out is met again',
  },
  RIGHTS_BORROWED: { remedy: NOTHING },
  RIGHTS_NARROWER: {
    cause: 'somebody may do less on the destination than on the source: {object}: {rights}',
    remedy: 'grant by hand what is named, or create the role on the destination and migrate anew',
  },

  DST_OBJECTS_GONE: {
    cause: 'somebody else has dropped or renamed {number} objects on the destination that this run had made: {names}',
  },

  // Rows
  EXTENSION_COMMENTS_LEFT: {
    cause: 'comments on members of extensions are not migrated, and are otherwise on the destination: {members}',
    remedy: 'say them there by hand (COMMENT ON …) where they matter',
  },
  COUNTS_ONLY: { remedy: 'set validation.mode to "full" if digests are wanted, and migrate anew' },
  FORMAT_FELL_BACK: { remedy: NOTHING },
  FORMAT_TEXT_INSTEAD: { remedy: 'nothing to do; "auto" as format says it no more' },
  LANES_COUNTED: { remedy: 'nothing to do; sampan limits TASK --lanes N sets another number' },
  PACE_FULL: { remedy: NOTHING },
  PACE_LOWERED: { remedy: 'nothing to do: the source is spared as the task asks; sampan limits TASK moves the target' },
  PACE_RAISED: { remedy: NOTHING },
  ROWS_LEFT_OUT: {
    remedy: 'give the account the right the message names, or mend the rows, and migrate the table anew',
  },
  SNAPSHOT_MADE_GOOD: {
    cause: 'the view had been lost; {tables} proved unchanged, {others} copied again',
    remedy: NOTHING,
  },
  SOURCE_WENT_BACK: {
    remedy:
      'look whether the source was restored or failed over, and whether what it lost matters; nothing to do for this run',
  },
  SNAPSHOT_RENEWED: { remedy: 'nothing to do; look at the source for a failover, a restart or an ended session' },
  VALUES_NOT_COMPARED: { remedy: 'compare these columns by hand where they matter; all others are compared' },

  CUTOVER_ARRIVED: { remedy: 'nothing to do: keys, triggers, sequences and the comparison follow' },
  CUTOVER_HOLDS: {
    remedy:
      'keep the writers of the source stopped, mend what the run failed with, and start the task again: its rows are compared with those of the source before it is sealed',
  },
  FOLLOW_ALTERED: {
    remedy:
      'drop again what was created, where it may go; else empty the destination database and begin a new run, and alter nothing on the source until the cutover',
  },
  FOLLOW_CAUGHT_UP: { remedy: 'stop the writers of the source when it suits, then sampan cutover with the task' },
  FOLLOW_TRANSACTION_LARGE: {
    remedy:
      'nothing to do: where it takes too long, see whether its table has a key, without which each batch reads the whole table',
  },
  FOLLOW_SLOT_KEPT: {
    cause:
      'the run ended while it followed, and its slot stays on the source, which keeps WAL for it: the source bounds that by max_slot_wal_keep_size, or the task says follow.keepSlot',
    remedy: 'start the task again to go on where it was, or drop the slot by sampan leftovers --drop',
  },
  FOLLOW_OTHER_FAILED: {
    cause: 'a database of the run has failed, and all of them are cut over together: those that follow do so in vain',
    remedy: 'stop the run, mend what the failed database says, and start the task again',
  },
  FOLLOW_SLOT_GIVEN_UP: {
    cause:
      'the source kept more WAL for the run than it may (follow.maxRetainedMegabytes, or a fifth of its free storage), and its slot was dropped',
    remedy:
      'behind the cutover nothing, all tables are compared instead; before it empty the destination database, and begin a new run with a larger follow.maxRetainedMegabytes, or when the source writes less',
  },

  // Comparing
  CHUNKS_OPEN: { cause: '{number} tables are not copied to the end: {list}', remedy: START_AGAIN },
  COMPARED_AGAIN: { remedy: 'nothing to do: who else writes to the destination should stop' },
  COMPARED_BEFORE: {
    remedy: 'compare them by hand if somebody may have written to them between the two starts, as their owner',
  },
  MATERIALIZED_VIEWS_NOT_COUNTED: { remedy: 'count them by hand on both ends if they matter; REFRESH makes them anew' },
  MATERIALIZED_VIEW_DIFFERS: {
    remedy: 'REFRESH it on both ends, and compare again: it holds what its tables held then',
  },
  ROWS_DIFFER: {
    cause: '{table}: {how its rows differ}',
    remedy: 'look for other writers on the destination; drop the table there and start the task again',
  },
  SEQUENCES_DIFFER: {
    remedy:
      'look for other writers on the destination; the accounts need SELECT (source) and UPDATE (destination) on them',
  },
  DST_DEFINITIONS_CHANGED: {
    cause: 'somebody else has changed objects on the destination while the run went on: {objects}',
    remedy: 'nothing to do if that was meant; else make them there as they are on the source',
  },
  SRC_CHANGED_SINCE_VIEW: { remedy: 'make the change on the destination too, or migrate anew; the report lists them' },
  SRC_NOT_ASKED_AGAIN: {
    cause: 'whether the source’s structure has changed since the rows were read is not known: it could not be asked',
    remedy: 'look whether somebody has changed tables on the source since; the rows are as of the view',
  },
  VALIDATION_DIFFERS: {
    cause: '{number} tables differ between source and destination: {list}; large objects by their ids',
    remedy:
      'keep others from writing to the destination, drop these tables there (DROP TABLE … CASCADE; of large objects: SELECT lo_unlink(OID)), then start the task again: they are made anew, and copied again',
  },
  VALIDATION_OPEN: { cause: '{number} tables are not compared to the end: {list}', remedy: START_AGAIN },

  // Running
  NOT_ANALYZED: {
    cause: '{table} has no statistics: {message}',
    remedy: 'mend what the message names, then run ANALYZE for the table on the destination; nothing else is missing',
  },
  STEP_LOST: {
    cause: '{step} broke with {error}, and nothing could judge it',
    remedy: 'read the logs of the function and of its judge, then start the task again: it continues where it was',
  },
  DATABASE_FAILED: { cause: 'a database of the task failed, and its own error is not known' },
  LOCAL_SERVER_MISSING: { cause: 'no embedded PostgreSQL {major} is installed for {platform}' },
  OBJECTS_LEFT_OUT: { cause: '{number} objects have not arrived: {names}' },
  DISK_FAILED: {
    cause: '{path} cannot be written: the disk failed ({code})',
    remedy: 'give another directory with --out',
  },
  LOCK_WAITED_FOR: { remedy: 'let it end, or end it on the destination: SELECT pg_terminate_backend(PID)' },
  ROWS_REPAIRED: {
    remedy: `${NOTHING}: somebody asked for it by sampan compare --repair, and the rows are the source’s again`,
  },
  REPAIR_TAKEN_OVER: {
    cause: 'another repair of the run has begun since, or this one has ended: nothing more is written for it',
    remedy: 'let the other repair come to its end, then compare again',
  },
  DST_TABLE_FILLED: {
    cause:
      'somebody has written into a table of the destination since the plan found it empty, or the run had emptied it',
  },
  TABLE_RELOADED: {
    cause: 'somebody has tables of a run that copies copied again (sampan reload)',
    remedy: 'nothing to do: lanes take them up, or the next start of the task',
  },
  RUN_JOINED: { remedy: 'watch the newer start; the older one ends by itself with RUN_TAKEN_OVER' },
  SESSION_ENDED: { remedy: 'nothing to do; if it comes back, look for a firewall that drops idle connections' },
  STEP_CRASHED: {
    cause: 'the function of a step ended without an answer: {error}',
    remedy: 'it is tried again; if it comes back, read the function’s log and give it more memory',
  },

  // The task and the command line
  ARGUMENT_MISSING: { cause: 'the command, or one of its options, needs an argument that is not given' },
  ARGUMENTS_TOO_MANY: {
    cause: 'the command takes fewer arguments than are given',
    remedy: 'take what is too much away, or quote it',
  },
  COMMAND_LINE_WRONG: { cause: 'the command line is not understood' },
  COMMAND_UNKNOWN: { cause: 'there is no such command', remedy: 'sampan --help lists the commands' },
  OPTION_UNKNOWN: { cause: 'the command has no such option', remedy: 'sampan COMMAND --help lists its options' },
  OPTION_INVALID: { cause: 'an option, or an argument, has a value that it cannot have' },
  OPTIONS_EXCLUDE_EACH_OTHER: { cause: 'two options are given that exclude each other' },
  ERROR_CODE_UNKNOWN: { cause: 'there is no such code', remedy: 'sampan explain lists all codes' },
  OUT_NOT_PLAIN: { cause: '{path} is no plain file or directory', remedy: 'give another directory with --out' },
  OUT_NOT_WRITABLE: { cause: 'the directory {path} cannot be written to: {why}' },
  TASK_CHOICE: { cause: 'is none of the words allowed there', remedy: 'give one of those that the message lists' },
  TASK_END_MISSING: { cause: 'only one of --from and --to is given' },
  TASK_FILE_UNREADABLE: { cause: 'the file of the task cannot be read: {why}' },
  TASK_INVALID: { cause: 'the task is wrong; the first problem is named, with how many there are' },
  TASK_INVALID_VALUE: { cause: 'has a value that the task cannot have', remedy: 'correct it; see sampan schema' },
  TASK_MISSING: { cause: 'is missing', remedy: 'add it; sampan schema has its form' },
  TASK_LIST_CHANGED: {
    cause: 'databases.json, the list of the task’s databases, is not the one that this run has written',
    remedy: 'leave the documents of a run alone while it is at work; start the task again: it continues where it was',
  },
  TASK_LIST_MISSING: {
    cause: 'databases.json, the list of the task’s databases, is not there',
    remedy: 'leave the documents of a run alone while it is at work; start the task again: it continues where it was',
  },
  TASK_URL_DATABASE_MISSING: {
    cause: '--from names no database',
    remedy: 'write postgres://user@host:5432/database, or service=NAME',
  },
  TASK_URL_HOST_MISSING: {
    cause: '--from or --to names no host',
    remedy: 'write postgres://user@host:5432/database, or service=NAME',
  },
  TASK_URL_USER_MISSING: {
    cause: '--from or --to names no user, and PGUSER is not set',
    remedy: 'write postgres://user@host:5432/database, or service=NAME',
  },
  TASK_RANGE: {
    cause: 'is too small or too large',
    remedy: 'give a number, or a length, within what the message names',
  },
  TASK_TYPE: { cause: 'is of another type than expected', remedy: 'give what the message names; see sampan schema' },
}
