/** Charge of a 13-node subnet for receiving a byte of ingress: the lower bound of every upload's cost. */
export const FLOOR_CYCLES_PER_BYTE = 2_000;
