/** How Candid's binary format names types: below zero what is built in, from zero an entry of the type table. */
export const NULL = -1;
export const BOOL = -2;
export const NAT = -3;
export const INT = -4;
export const NAT8 = -5;
export const NAT16 = -6;
export const NAT32 = -7;
export const NAT64 = -8;
export const FLOAT64 = -14;
export const TEXT = -15;
export const RESERVED = -16;
export const EMPTY = -17;
export const OPT = -18;
export const VEC = -19;
export const RECORD = -20;
export const VARIANT = -21;
export const FUNC = -22;
export const SERVICE = -23;
export const PRINCIPAL = -24;

/** DIDL: how every message begins. */
export const MAGIC = [0x44, 0x49, 0x44, 0x4c] as const;

/** Whether a type stands in the type table: all but what is built in. */
export const isConstructed = (opcode: number): boolean => opcode <= OPT && opcode !== PRINCIPAL;
