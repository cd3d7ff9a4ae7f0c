/** SHA-256 of bytes. `whyNot` says why it cannot be used here, if that is so. */
export type Sha256 = ((bytes: Uint8Array) => Uint8Array) & { readonly whyNot?: () => string | undefined };

export const nativeSha256: Sha256 = () => new Uint8Array(32);
