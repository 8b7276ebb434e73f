/** Something that shows a model until it has finished. */
export interface Display {
  /** Shows the last state and lets go of the terminal. */
  end(): Promise<void>
}
