/**
 * Encryption of blobs before they are uploaded, for browsers and every other runtime with WebCrypto: the option `encryption` of
 * a BlobClient. Master keys are wrapped for age recipients or passphrases.
 */
export { Encryption, type EncryptionOptions } from "./encryption.js";
export { identitiesIn } from "./keys/age.js";
export { isKeyFileError, KeyFileError, type KeyFileErrorCode } from "./keys/errors.js";
export { KeyFile, type KeyHolder, type KeySecrets, type KeySlot } from "./keys/key-file.js";
export { MasterKey } from "./master-key.js";
