import { Principal } from "@dfinity/principal";
import { certifiedDataSet, isController } from "azle";
import {
	CERTIFIED_DATA_MAX_BYTES,
	CONTROL,
	CONTROL_MAGIC,
	DETECTION_PRINCIPAL,
	DIGEST_BYTES,
	OPERATION,
} from "../native/abi.js";

/** SHA-256 of bytes. `whyNot` says why it cannot be used here, if that is so. */
export type Sha256 = ((bytes: Uint8Array) => Uint8Array) & { readonly whyNot?: () => string | undefined };

const NOT_LINKED =
	"canister-blobs: this Wasm has no native SHA-256. Link it after `azle build`: " +
	"npx canister-blobs link IN.wasm -o OUT.wasm, and install OUT.wasm. (dfx.json of the examples shows the step.)";

/** Room for payloads that cannot be hashed where they lie, which are those of 32 bytes at the most. */
const control = new Uint8Array(CONTROL.payload + CERTIFIED_DATA_MAX_BYTES);
let isAttached = false;

/** Lets the kernel carry out the block's operation, and makes the block known to it on first use. */
function attach(): void {
	control.set(CONTROL_MAGIC, CONTROL.magic);
	control[CONTROL.op] = OPERATION.hash;
	certifiedDataSet(control);
	isAttached = true;
}

function hash(bytes: Uint8Array): Uint8Array {
	if (!isAttached) attach();
	if (bytes.length > CERTIFIED_DATA_MAX_BYTES) certifiedDataSet(bytes);
	else {
		control.set(bytes, CONTROL.payload);
		control[CONTROL.length] = bytes.length;
		certifiedDataSet(control);
	}
	return control.slice(CONTROL.digest, CONTROL.digest + DIGEST_BYTES);
}

/** SHA-256 by the kernel that `canister-blobs link` put into the Wasm: 60 instructions a byte. */
export const nativeSha256: Sha256 = Object.assign(hash, {
	whyNot: () =>
		isController(Principal.fromUint8Array(Uint8Array.from(DETECTION_PRINCIPAL))) ? undefined : NOT_LINKED,
});
