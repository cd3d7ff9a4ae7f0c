/** What a subnet of 13 nodes charges for receiving a byte of ingress: the floor of every upload. */
export const FLOOR_CYCLES_PER_BYTE = 2_000;
