/**
 * Stands for @noble/curves/bls12-381 in bundles for networks that sign by hashes. A process that needs nothing of the
 * library spends a third of its start on the library's tables.
 */
export const bls12_381 = {
	verifyShortSignature(): never {
		throw new Error('this bundle was made for networks with `signatures: "test"`');
	},
	shortSignatures: {},
};
