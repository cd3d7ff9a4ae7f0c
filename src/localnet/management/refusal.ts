/** HTTPS interface, "Reject codes": how a method of the management canister rejects a call. */

import { principalText } from "../encoding/bytes.js";
import type { Canister } from "../execution/canister.js";
import { type Reject, RejectCode, reject } from "../execution/rejects.js";

/** Thrown by a method; becomes the call's reject. */
export class Refused extends Error {
	constructor(readonly reject: Reject) {
		super(reject.message);
	}
}

export function refuse(errorCode: string, message: string): never {
	throw new Refused(reject(RejectCode.CanisterError, errorCode, message));
}

export function notController(canister: Canister, caller: Uint8Array): Reject {
	return reject(
		RejectCode.CanisterError,
		"IC0512",
		`Only the controllers of the canister ${canister.text} can control it.\n` +
			`Canister's controllers: ${canister.controllers.map(principalText).join(" ")}\n` +
			`Sender's ID: ${principalText(caller)}`,
	);
}
