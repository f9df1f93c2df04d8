/** A learning rate that lets weights settle: as it was for the first half of the epochs, then ever smaller. */

/** The rate of an epoch (from 0), between that of the first half and that of the last epoch. */
export function settlingRate(
  [first, last]: readonly [first: number, last: number],
  epoch: number,
  epochs: number,
): number {
  const half = Math.ceil(epochs / 2);
  const settling = epoch < half ? 0 : (epoch - half + 1) / (epochs - half);
  return first * (last / first) ** settling;
}
