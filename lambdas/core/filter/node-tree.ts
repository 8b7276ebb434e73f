/** A node of the tree that a server makes of a statement, as it prints it (outfuncs.c): `{OPEXPR :opno 521 :args (…)}`. */
export interface TreeNode {
  /** OPEXPR, VAR, … */
  readonly kind: string
  /** By the field's name without its colon: the words and the nodes of its value, lists flattened. */
  readonly fields: ReadonlyMap<string, readonly (string | TreeNode)[]>
}

/** Names are escaped by backslashes where they hold what the form itself is made of. */
const WORDS = /"(?:\\.|[^"\\])*"|[{}()]|(?:\\.|[^\s{}()\\])+/gs

/** Reads a printed tree. Pure; takes time linear in its length. @returns null where the text is none */
export function readTree(text: string): TreeNode | null {
  const words = (text.match(WORDS) ?? []).values()
  const first = words.next()
  return first.value === '{' ? readNode(words) : null
}

/** Behind an opening brace. */
function readNode(words: Iterator<string>): TreeNode | null {
  const kind = words.next()
  if (kind.done) return null
  const fields = new Map<string, (string | TreeNode)[]>()
  let values: (string | TreeNode)[] = []
  for (let word = words.next(); !word.done; word = words.next()) {
    if (word.value === '}') return { kind: kind.value, fields }
    if (word.value.startsWith(':')) {
      values = []
      fields.set(word.value.slice(1), values)
    } else if (word.value === '{') {
      const node = readNode(words)
      if (node === null) return null
      values.push(node)
    } else if (word.value !== '(' && word.value !== ')') values.push(word.value)
  }
  return null
}

/** The node and all below it. */
export function* nodesOf(node: TreeNode): Generator<TreeNode> {
  yield node
  for (const values of node.fields.values()) {
    for (const value of values) if (typeof value !== 'string') yield* nodesOf(value)
  }
}

/** The numbers of a field; none where the node has no such field. */
export function numbersOf({ fields }: TreeNode, field: string): readonly number[] {
  return (fields.get(field) ?? []).flatMap((value) =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? [Number(value)] : [],
  )
}
