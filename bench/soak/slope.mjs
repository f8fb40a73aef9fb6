/**
 * Least squares through (seconds, megabytes).
 *
 * @param {readonly (readonly [number, number])[]} points
 * @returns {{ mb_per_hour: number, error: number }} slope and its standard error
 */
export function slopePerHour(points) {
  const n = points.length;
  if (n < 3) return { mb_per_hour: 0, error: Infinity };
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const sxx = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const sxy = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const slope = sxy / sxx;
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const error = Math.sqrt(rest / (n - 2) / sxx);
  return { mb_per_hour: round(slope * 3600), error: round(error * 3600) };
}

function round(value) {
  return Math.round(value * 100) / 100;
}

/**
 * The lowest point of each stretch of time.
 *
 * @param {readonly (readonly [number, number])[]} points (seconds, megabytes), in order
 * @param {number} lengthS
 */
export function floorOf(points, lengthS) {
  const [first] = points;
  if (first === undefined) return [];
  /** @type {(readonly [number, number])[]} */
  const lowest = [];
  for (const point of points) {
    const nth = Math.floor((point[0] - first[0]) / lengthS);
    const known = lowest[nth];
    if (known === undefined || point[1] < known[1]) lowest[nth] = point;
  }
  return lowest;
}
