/** The OIDs of the server's catalogues, the same in every version: an entry of the archive is known by the catalogue it is a row of. */
export const PG_CLASS = 1259
export const PG_NAMESPACE = 2615
export const PG_TYPE = 1247
export const PG_ATTRDEF = 2604
export const PG_DATABASE = 1262
export const PG_LARGEOBJECT = 2613
export const PG_EXTENSION = 3079
