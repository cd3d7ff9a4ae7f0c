/**
 * Every figure the protocol depends on, each with where it comes from.
 * Sizes are in bytes, durations in milliseconds.
 */

/** Largest signed envelope that a subnet takes, less the 32 bytes it adds (IC source, rs/limits). */
export const MAX_INGRESS_BYTES = 2_097_152;

/**
 * Largest chunk, and the default: 2 MiB less 16 KiB = 508 pages of 4 KiB. The 16 KiB hold the sender's key,
 * signature and delegation chain (Internet Identity: several KiB); two such messages fill 99.2 % of a block.
 */
export const MAX_CHUNK_BYTES = 2_080_768;

/** Smallest chunk size, unless the blob is a single chunk: a message costs 1.2 M cycles, as much as 600 bytes. */
export const MIN_CHUNK_BYTES = 65_536;

/** Most chunks a blob has: their leaves (32 bytes each) still fit one reply of 2 MiB. */
export const MAX_CHUNKS = 65_000;

/** Largest blob that goes in one call: its key, type and metadata travel in the same message. */
export const MAX_SINGLE_CALL_BYTES = 2_064_384;

/** Leaves in one page of `blobs_leaves` or `blobs_upload_status`: 32,768 of 32 bytes are 1 MiB. */
export const MAX_LEAVES_PER_PAGE = 32_768;

export const MAX_KEY_BYTES = 1_024;
export const MAX_KEY_SEGMENTS = 32;

export const MAX_CONTENT_TYPE_BYTES = 128;

export const MAX_METADATA_ENTRIES = 32;
export const MAX_METADATA_NAME_BYTES = 64;
export const MAX_METADATA_BYTES = 4_096;

/** Entries in one page of a list; a page ends when it holds about 1 MiB, too. */
export const MAX_LIST_PAGE = 1_000;

/** Uploads that one principal may have open at a time where no quota says otherwise. */
export const DEFAULT_OPEN_UPLOADS = 1_000;

/** Blobs in one message that puts or deletes many: 1,000 cost about 3 B of the 40 B instructions of a message. */
export const MAX_ITEMS = 1_000;

/** Leaves offered in one call: looking for one and taking it over costs about 0.5 M instructions. */
export const MAX_LINKED_CHUNKS = 1_000;

/** Changes in one page of the feed; a page ends when it holds about 1 MiB, too. */
export const MAX_CHANGES_PAGE = 1_000;

/** What a chunk counts for in a quota at the least: an empty slot takes this much of stable memory with its node. */
export const MIN_CHARGE_BYTES = 4_096;

/** Largest argument of a method that takes neither chunks nor many items: metadata take up to 5.4 KB of it. */
export const MAX_PLAIN_ARGUMENT_BYTES = 16_384;

/** Length of an id that a client chooses: 16 random bytes never meet by chance. */
export const ID_BYTES = 16;
export const SHA256_BYTES = 32;

/** What an upload of a known size reserves ahead of what arrived, at most: 500 chunks, minutes of a fast line. */
export const MAX_RESERVED_BYTES = 2 ** 30;

/** Grants that one principal holds: a check reads them in one record. */
export const MAX_GRANTS = 8;

/** Of those, parts that one giver who is no administrator gave: so that nobody fills the places of another alone. */
export const MAX_GRANTS_OF_GIVER = 4;

/** How often a grant is part of another, itself counted: a check reads a record for each. */
export const MAX_GRANT_LEVELS = 3;

/** Rules by which blobs under a prefix end, and bytes of their prefixes together: each publication looks through them. */
export const MAX_EXPIRY_RULES = 100;
export const MAX_EXPIRY_RULES_BYTES = 8_192;

/** How long a rule lets a blob live: at least a second, at most 100 years of 365 days. */
export const MIN_EXPIRY_LIFE_MS = 1_000;
export const MAX_EXPIRY_LIFE_MS = 3_153_600_000_000;

/** Days that a store keeps what is deleted, at most. */
export const MAX_KEEP_DELETED_DAYS = 365;

/** Leases of a store and of one principal: each change of a key looks through them. */
export const MAX_LEASES = 8;
export const MAX_OWN_LEASES = 2;

/** Bytes that may be kept for a lease, at most: 64 GiB. */
export const MAX_LEASE_BYTES = 2 ** 36;

/** How long a lease holds from when it is taken or extended, and in all, at most: a day, and a week. */
export const MAX_LEASE_LIFE_MS = 86_400_000;
export const MAX_LEASE_AGE_MS = 604_800_000;

/** Offers of blobs that one principal has made and that stand, and how long each does: a week. */
export const MAX_OFFERS = 100;
export const OFFER_LIFE_MS = 604_800_000;

/** Principals that act for one, or are asked to. */
export const MAX_LINKS = 8;

/** Staged batches of a store and of one principal, and keys in one. */
export const MAX_BATCHES = 8;
export const MAX_OWN_BATCHES = 1;
export const MAX_STAGED_ITEMS = 1_000_000;

/** Owners whose private keys a staged batch may change: each has a list, and the reveal exchanges them one by one. */
export const MAX_STAGED_OWNERS = 16;

const MINUTE_MS = 60_000;

/** An upload nobody has touched for this long is given up; every put moves the moment. */
export const UPLOAD_EXPIRY_MS = 24 * 60 * MINUTE_MS;

/** A staged batch to which nothing came for this long is dropped. */
export const BATCH_EXPIRY_MS = 24 * 60 * MINUTE_MS;

/** An upload to which nothing came for this long reserves nothing ahead any more. */
export const RESERVE_IDLE_MS = 15 * MINUTE_MS;

/**
 * What is finished answers for this long: an ingress message lives 5 minutes (interface specification, ingress
 * expiry) and a validator's clock may drift by one more, so that no delayed duplicate finds its id unknown.
 */
export const RECEIPT_LIFE_MS = 15 * MINUTE_MS;
