/** TID range scans exist from this `server_version_num` on; before, a comparison with ctid reads the whole table. */
export const TID_RANGES = 140_000
