/** Slots and publications that Sampan opens to follow a source. What is called so is not the user's, and not migrated. Also as SQL has it. */
export const STREAM_NAME = /^sampan_[0-9a-f]{16}$/
