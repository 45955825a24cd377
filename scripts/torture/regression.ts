/** A straight line through measurements, and how sure its slope is (ordinary least squares). */

export interface Slope {
  /** Of y for each unit of x. */
  readonly slope: number;
  /** Half the width of the interval in which the true one lies in 95 of 100 cases. */
  readonly margin: number;
}

/** Of Student's distribution, two-sided, 95 %, for many measurements; for few it is wider. */
const QUANTILES: readonly (readonly [degrees: number, quantile: number])[] = [
  [1, 12.71],
  [2, 4.3],
  [3, 3.18],
  [5, 2.57],
  [10, 2.23],
  [20, 2.09],
  [60, 2],
  [Number.POSITIVE_INFINITY, 1.98],
];

/**
 * Neighbouring measurements of memory resemble each other, which makes a plain margin too narrow: it is widened by what the
 * residuals say of that (the effective number of measurements of an AR(1) process). Throws for fewer than three.
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const n = points.length;
  if (n < 3) throw new RangeError("A slope needs three measurements");
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residuals = points.map(([x, y]) => y - meanY - slope * (x - meanX));
  const squares = residuals.reduce((sum, value) => sum + value ** 2, 0);
  const lagged = residuals.slice(1).reduce((sum, value, at) => sum + value * residuals[at]!, 0);
  const alike = squares === 0 ? 0 : Math.min(0.95, Math.max(0, lagged / squares));
  const effective = Math.max(3, (n * (1 - alike)) / (1 + alike));
  const quantile = QUANTILES.find(([degrees]) => effective - 2 <= degrees)![1];
  const error = Math.sqrt(squares / Math.max(1, effective - 2) / spread);
  return { slope, margin: quantile * error };
}
