/** One size of what grows, and what it cost, in the same unit for all. */
export interface Point {
  readonly size: number
  readonly cost: number
}

/**
 * By which power of the size the cost grows: the slope of a straight line through the logarithms, by least squares. 0: not at all; 1: as the
 * size does; 2: as its square.
 */
export function exponent(points: readonly Point[]): number {
  const logs = points.filter(({ cost }) => cost > 0).map(({ size, cost }) => [Math.log(size), Math.log(cost)] as const)
  const mean = (of: 0 | 1) => logs.reduce((sum, log) => sum + log[of], 0) / logs.length
  const [x, y] = [mean(0), mean(1)]
  const along = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0)
  const across = logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0)
  return along / across
}
