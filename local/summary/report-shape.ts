/** What the summary reads of `report.json`; the report holds more. */
export interface ReportShape {
  readonly status: string
  readonly error?: ReportedError | null
  readonly databases?: readonly ReportedDatabase[]
  readonly prechecks?: readonly ReportedCheck[]
  readonly score?: number | null
  readonly access?: ReportedAccess
}

export interface ReportedError {
  readonly code: string
  readonly message: string
  readonly remedy?: string
}

export interface ReportedDatabase {
  readonly name: string
  readonly as?: string
  readonly tables?: readonly ReportedTable[]
  readonly objects?: readonly ReportedObject[]
  readonly sequences?: readonly ReportedSequence[]
  readonly error?: ReportedError | null
}

export interface ReportedTable {
  readonly name: string
  readonly rows: number | string | null
  readonly bytes?: number | string | null
  /** `null` where nothing was compared. */
  readonly match?: boolean | null
}

export interface ReportedObject {
  readonly kind: string
  readonly name: string
  readonly status: string
  readonly reason?: string | null
  readonly error?: ReportedError | string | null
}

export interface ReportedSequence {
  readonly name: string
  readonly match?: boolean | null
}

export interface ReportedCheck {
  readonly code: string
  readonly level: string
  readonly status?: string
  readonly message?: string
  readonly cause?: string
  readonly remedy?: string
  readonly acknowledged?: boolean
}

export interface ReportedAccess {
  readonly opened?: readonly unknown[]
  readonly closed?: readonly unknown[]
  readonly open?: readonly unknown[]
}
