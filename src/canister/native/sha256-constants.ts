/** FIPS 180-4, sections 4.2.2 (round constants) and 5.3.3 (initial hash value). */

const words = (hex: string): number[] => hex.match(/[0-9a-f]{8}/g)!.map((word) => Number.parseInt(word, 16));

export const ROUND_CONSTANTS = words(`
428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5
d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174
e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967
27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85
a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3
748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2`);

export const INITIAL_STATE = words("6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19");

/** The four bytes of a word as Wasm stores it. */
export const littleEndian = (word: number): number[] =>
	[0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff);

/** A vector constant that has the same word in every lane. */
export const splatBytes = (word: number): number[] => new Array(4).fill(littleEndian(word)).flat();

/** For i8x16.swizzle: turns the bytes of each 32-bit lane round. */
export const BYTE_SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
