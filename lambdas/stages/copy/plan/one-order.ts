import { quoteQualified } from '../../../core/postgres/identifiers.ts'
import type { HeldType } from './alike-text.ts'

/**
 * Whether a type keeps its parts in the order of their bytes in the server's encoding, and prints them so: "é" is one byte in LATIN1 and two
 * in UTF8, so the keys of one document stand in another order there (compareJsonbStringValue and lengthCompareJsonbStringValue of
 * jsonb_util.c, comparePairs of hstore_io.c, tsCompareString of tsvector_op.c).
 */
export function isOrderedByBytes({ schema, name, extension }: HeldType): boolean {
  return extension === 'hstore'
    ? name === 'hstore'
    : schema === 'pg_catalog' && (name === 'jsonb' || name === 'tsvector')
}

/** Such a value as text, its parts in the order of their UTF-8 bytes (those of a session). Plain ASCII has one order everywhere. */
export function inOneOrder(value: string, { schema, name }: HeldType): string {
  const text = `pg_catalog.concat(${value})`
  const isAscii = `pg_catalog.length(${text}) OPERATOR(pg_catalog.=) pg_catalog.length(pg_catalog.textsend(${text}))`
  const ordered = name === 'jsonb' ? jsonbNodes(value) : name === 'tsvector' ? lexemes(value) : pairs(value, schema)
  return `CASE WHEN ${isAscii} THEN ${text} ELSE ${ordered} END`
}

function pairs(value: string, schema: string): string {
  return `(SELECT pg_catalog.string_agg(pg_catalog.concat(pair), ',' ORDER BY pg_catalog.textsend(pair.key))
    FROM ${quoteQualified(schema, 'each')}(${value}) AS pair(key, value))`
}

/** As text, because `unnest(tsvector)` is there from 9.6 on only. A lexeme stands in quotes, those inside of it doubled. */
function lexemes(value: string): string {
  return `(SELECT pg_catalog.string_agg(lexeme.parts[1], ' ' ORDER BY pg_catalog.textsend(lexeme.parts[1]))
    FROM pg_catalog.regexp_matches(pg_catalog.concat(${value}), '(''(?:[^'']|'''')*''[^ '']*)', 'g') AS lexeme(parts))`
}

/** Every object, array and scalar inside, by its path. */
function jsonbNodes(value: string): string {
  const is = (type: string) =>
    `CASE WHEN pg_catalog.jsonb_typeof(node.value) OPERATOR(pg_catalog.=) '${type}' THEN node.value END`
  return `(WITH RECURSIVE node(path, value) AS (
      SELECT ''::pg_catalog.text, ${value}
      UNION ALL
      SELECT pg_catalog.concat(node.path, step.name), step.value FROM node CROSS JOIN LATERAL (
        SELECT pg_catalog.to_json(member.key)::pg_catalog.text, member.value FROM pg_catalog.jsonb_each(${is('object')}) AS member(key, value)
        UNION ALL
        SELECT pg_catalog.concat('[', element.number, ']'), element.value
          FROM pg_catalog.jsonb_array_elements(${is('array')}) WITH ORDINALITY AS element(value, number)) AS step(name, value))
    SELECT pg_catalog.string_agg(pg_catalog.concat(node.path, ':', CASE
        WHEN ${is('object')} IS NOT NULL THEN '{' WHEN ${is('array')} IS NOT NULL THEN '[' ELSE node.value::pg_catalog.text END), ',' ORDER BY pg_catalog.textsend(node.path)) FROM node)`
}
