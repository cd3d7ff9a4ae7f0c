import { textOf } from "./candid.js";
import {
	MAX_CONTENT_TYPE_BYTES,
	MAX_KEY_BYTES,
	MAX_METADATA_BYTES,
	MAX_METADATA_NAME_BYTES,
} from "./limits.js";

/**
 * Texts of requests. Each may have twice the bytes that methods hold it to, so that most that are too long get an error
 * which names the limit; a longer one is not read.
 */
export const keyText = textOf(2 * MAX_KEY_BYTES);
export const contentTypeText = textOf(2 * MAX_CONTENT_TYPE_BYTES);
export const metadataNameText = textOf(2 * MAX_METADATA_NAME_BYTES);
export const metadataValueText = textOf(2 * MAX_METADATA_BYTES);
