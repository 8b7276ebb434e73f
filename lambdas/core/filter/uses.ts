import { nodesOf, numbersOf, type TreeNode } from './node-tree.ts'

/** What an expression is made of, by OID, and what of it no filter may be made of. */
export interface Uses {
  readonly functions: readonly number[]
  readonly operators: readonly number[]
  /** Types that text is read as, or that are printed as text, by casts. */
  readonly read: readonly number[]
  readonly printed: readonly number[]
  /** Reads after "it uses". */
  readonly refused: readonly string[]
}

/** How a query over one table is printed, without an expression. */
const FRAME = [
  'QUERY',
  'FROMEXPR',
  'RANGETBLREF',
  'RTE',
  'RANGETBLENTRY',
  'RTEPERMISSIONINFO',
  'PERMISSIONINFO',
  'ALIAS',
  'TARGETENTRY',
]

/** Expressions whose value is that of what is in them; the servers from 9.4 to 18 have other names for some. */
const PLAIN: ReadonlySet<string> = new Set([
  ...FRAME,
  ...[
    'VAR',
    'CONST',
    'BOOLEXPR',
    'OPEXPR',
    'SCALARARRAYOPEXPR',
    'DISTINCTEXPR',
    'NULLIFEXPR',
    'FUNCEXPR',
    'NAMEDARGEXPR',
  ],
  ...[
    'NULLTEST',
    'BOOLEANTEST',
    'RELABELTYPE',
    'COERCEVIAIO',
    'ARRAYCOERCEEXPR',
    'COLLATE',
    'COLLATEEXPR',
    'FIELDSELECT',
  ],
  ...[
    'COERCETODOMAIN',
    'COERCETODOMAINVALUE',
    'CONVERTROWTYPEEXPR',
    'ARRAY',
    'ARRAYEXPR',
    'ARRAYREF',
    'SUBSCRIPTINGREF',
  ],
  ...['CASE', 'CASEEXPR', 'WHEN', 'CASEWHEN', 'CASETESTEXPR', 'COALESCE', 'COALESCEEXPR', 'MINMAX', 'MINMAXEXPR'],
  ...[
    'ROW',
    'ROWEXPR',
    'ROWCOMPARE',
    'ROWCOMPAREEXPR',
    'JSONISPREDICATE',
    'JSONFORMAT',
    'JSONRETURNING',
    'JSONVALUEEXPR',
  ],
])

/** What people call them. */
const WORDS: Readonly<Record<string, string>> = {
  SUBLINK: 'a subquery',
  PARAM: 'a parameter such as $1',
  SQLVALUEFUNCTION:
    'current_date, current_timestamp, current_user or the like, whose value is not the same in every session',
  AGGREF: 'an aggregate function',
  WINDOWFUNC: 'a window function',
}

/** Fields that tell a node's type. */
const TYPES = [
  ...['vartype', 'consttype', 'funcresulttype', 'opresulttype', 'resulttype', 'casetype', 'coalescetype', 'minmaxtype'],
  ...['array_typeid', 'row_typeid', 'refrestype', 'refelemtype', 'typeId'],
]

/** Looks through the tree of a query over one table. Pure. */
export function usesOf(tree: TreeNode): Uses {
  const nodes = [...nodesOf(tree)]
  const all = (field: string) => nodes.flatMap((node) => numbersOf(node, field))
  const casts = nodes.filter(({ kind }) => kind === 'COERCEVIAIO')
  const unknown = nodes
    .filter(({ kind }) => !PLAIN.has(kind))
    .map(({ kind }) => WORDS[kind] ?? `${kind}, which no filter may`)
  const system = nodes.some((node) => node.kind === 'VAR' && numbersOf(node, 'varattno').some((column) => column < 0))
  return {
    functions: [...all('funcid'), ...all('elemfuncid')].filter((oid) => oid !== 0),
    operators: [...all('opno'), ...all('opnos')],
    read: casts.flatMap((cast) => numbersOf(cast, 'resulttype')),
    printed: casts.flatMap((cast) => (cast.fields.get('arg') ?? []).map(typeOf)),
    refused: [...new Set([...unknown, ...(system ? ['a system column such as ctid'] : [])])],
  }
}

/** 0 where the node does not say it. */
function typeOf(value: string | TreeNode): number {
  if (typeof value === 'string') return 0
  if (/^(BOOLEXPR|NULLTEST|BOOLEANTEST|SCALARARRAYOPEXPR|ROWCOMPARE(EXPR)?|JSONISPREDICATE)$/.test(value.kind))
    return BOOLEAN
  for (const field of TYPES) {
    const [type] = numbersOf(value, field)
    if (type !== undefined && type !== 0) return type
  }
  const inner = /^COLLATE(EXPR)?$/.test(value.kind) ? value.fields.get('arg')?.[0] : undefined
  return inner === undefined ? 0 : typeOf(inner)
}

const BOOLEAN = 16
