/** The most important of any number of things; never more than about twice as many are in memory. */
export class Most<Thing> {
  readonly #limit: number
  readonly #compare: (one: Thing, other: Thing) => number
  #kept: { readonly thing: Thing; readonly place: number }[] = []
  #count = 0

  /** @param compare negative where the first is the more important one; of equal ones the earlier is */
  constructor(limit: number, compare: (one: Thing, other: Thing) => number) {
    this.#limit = limit
    this.#compare = compare
  }

  add(thing: Thing): void {
    this.#kept.push({ thing, place: this.#count })
    this.#count += 1
    if (this.#kept.length > 2 * this.#limit + 100) this.#kept = this.#first(this.#limit)
  }

  /** So many of the most important ones, not more than the limit, in the order in which they came. */
  best(number: number): Thing[] {
    return this.#first(Math.min(number, this.#limit))
      .toSorted((one, other) => one.place - other.place)
      .map(({ thing }) => thing)
  }

  #first(number: number) {
    if (this.#kept.length <= number) return this.#kept
    return this.#kept
      .toSorted((one, other) => this.#compare(one.thing, other.thing) || one.place - other.place)
      .slice(0, number)
  }
}
