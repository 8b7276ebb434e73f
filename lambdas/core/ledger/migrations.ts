import { sqlFile } from '../postgres/sql-file.ts'

export interface Migration {
  readonly number: number
  readonly sql: string
}

/** All migrations in order. A number, once released, never changes its text. */
export const migrations: readonly Migration[] = [
  { number: 1, sql: sqlFile(new URL('./sql/000001.sql', import.meta.url)) },
  { number: 2, sql: sqlFile(new URL('./sql/000002.sql', import.meta.url)) },
  { number: 3, sql: sqlFile(new URL('./sql/000003.sql', import.meta.url)) },
  { number: 4, sql: sqlFile(new URL('./sql/000004.sql', import.meta.url)) },
  { number: 5, sql: sqlFile(new URL('./sql/000005.sql', import.meta.url)) },
  { number: 6, sql: sqlFile(new URL('./sql/000006.sql', import.meta.url)) },
  { number: 7, sql: sqlFile(new URL('./sql/000007.sql', import.meta.url)) },
  { number: 8, sql: sqlFile(new URL('./sql/000008.sql', import.meta.url)) },
  { number: 9, sql: sqlFile(new URL('./sql/000009.sql', import.meta.url)) },
  { number: 10, sql: sqlFile(new URL('./sql/000010.sql', import.meta.url)) },
  { number: 11, sql: sqlFile(new URL('./sql/000011.sql', import.meta.url)) },
  { number: 12, sql: sqlFile(new URL('./sql/000012.sql', import.meta.url)) },
  { number: 13, sql: sqlFile(new URL('./sql/000013.sql', import.meta.url)) },
  { number: 14, sql: sqlFile(new URL('./sql/000014.sql', import.meta.url)) },
  { number: 15, sql: sqlFile(new URL('./sql/000015.sql', import.meta.url)) },
  { number: 16, sql: sqlFile(new URL('./sql/000016.sql', import.meta.url)) },
  { number: 17, sql: sqlFile(new URL('./sql/000017.sql', import.meta.url)) },
  { number: 18, sql: sqlFile(new URL('./sql/000018.sql', import.meta.url)) },
  { number: 19, sql: sqlFile(new URL('./sql/000019.sql', import.meta.url)) },
  { number: 20, sql: sqlFile(new URL('./sql/000020.sql', import.meta.url)) },
  { number: 21, sql: sqlFile(new URL('./sql/000021.sql', import.meta.url)) },
  { number: 22, sql: sqlFile(new URL('./sql/000022.sql', import.meta.url)) },
  { number: 23, sql: sqlFile(new URL('./sql/000023.sql', import.meta.url)) },
  { number: 24, sql: sqlFile(new URL('./sql/000024.sql', import.meta.url)) },
  { number: 25, sql: sqlFile(new URL('./sql/000025.sql', import.meta.url)) },
  { number: 26, sql: sqlFile(new URL('./sql/000026.sql', import.meta.url)) },
  { number: 27, sql: sqlFile(new URL('./sql/000027.sql', import.meta.url)) },
  { number: 28, sql: sqlFile(new URL('./sql/000028.sql', import.meta.url)) },
  { number: 29, sql: sqlFile(new URL('./sql/000029.sql', import.meta.url)) },
  { number: 30, sql: sqlFile(new URL('./sql/000030.sql', import.meta.url)) },
  { number: 31, sql: sqlFile(new URL('./sql/000031.sql', import.meta.url)) },
  { number: 32, sql: sqlFile(new URL('./sql/000032.sql', import.meta.url)) },
  { number: 33, sql: sqlFile(new URL('./sql/000033.sql', import.meta.url)) },
]
