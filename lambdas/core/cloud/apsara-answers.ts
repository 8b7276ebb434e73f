import { z } from 'zod'

/** Numbers come as numbers or as text, sometimes as empty text; what an instance does not have is left out or null. */
const number = z
  .union([z.number(), z.string()])
  .nullish()
  .transform((value) => (value === '' || value === null || value === undefined ? null : Number(value)))
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

export const attributeAnswer = z.object({
  Items: z.object({
    DBInstanceAttribute: z.array(
      z.object({
        Engine: text,
        EngineVersion: text,
        DBInstanceStatus: text,
        LockMode: text,
        DBInstanceStorage: number,
        MaxConnections: number,
        DBInstanceCPU: number,
        DBInstanceMemory: number,
      }),
    ),
  }),
})

export const netAnswer = z.object({
  DBInstanceNetInfos: z.object({
    DBInstanceNetInfo: z.array(
      z.object({ IPType: text, ConnectionString: text, ConnectionStringType: text, Port: number }),
    ),
  }),
  /** `normal` or `safety`. */
  SecurityIPMode: text,
})

export const arraysAnswer = z.object({
  Items: z.object({
    DBInstanceIPArray: z.array(
      z.object({ DBInstanceIPArrayName: z.string(), DBInstanceIPArrayAttribute: text, SecurityIPList: text }),
    ),
  }),
})

/** Newest last; a value of several fields would be joined by &, and CpuUsage has one. */
export const performanceAnswer = z.object({
  PerformanceKeys: z.object({
    PerformanceKey: z
      .array(
        z.object({
          Values: z.object({ PerformanceValue: z.array(z.object({ Date: text, Value: z.string() })).default([]) }),
        }),
      )
      .default([]),
  }),
})

export const usageAnswer = z.object({ DiskUsed: number })
export const sslAnswer = z.object({ SSLEnabled: z.string().nullish(), ConnectionString: text })

export const databasesAnswer = z.object({
  Databases: z.object({
    Database: z.array(
      z.object({
        DBName: z.string(),
        DBStatus: text,
        CharacterSetName: text,
        Collate: text,
        Ctype: text,
        Accounts: z
          .object({
            AccountPrivilegeInfo: z.array(z.object({ Account: text, AccountPrivilege: text })).default([]),
          })
          .nullish(),
      }),
    ),
  }),
})

export const accountsAnswer = z.object({
  Accounts: z.object({
    DBInstanceAccount: z
      .array(z.object({ AccountName: z.string(), AccountType: text, AccountStatus: text }))
      .default([]),
  }),
})
