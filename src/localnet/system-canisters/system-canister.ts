/** A canister that is part of the network: its methods run in this process, with the real interface. */
import { IDL } from "@dfinity/candid";
import { principalText } from "../encoding/bytes.js";
import type { Response } from "../execution/message.js";
import { ExecutionError, explicitTrap } from "../execution/rejects.js";

/** One message to a system canister. */
export interface SystemMessage {
	readonly caller: Uint8Array;
	/** Nanoseconds since 1970. */
	readonly time: bigint;
	/** Cycles sent with the call; 0 for a query. */
	readonly cycles: bigint;
}

export interface SystemMethod {
	readonly kind: "query" | "update";
	readonly args: readonly IDL.Type[];
	readonly result: IDL.Type;
	/** Returns the result; throws ExecutionError where the real canister traps. */
	readonly run: (args: never, message: SystemMessage) => unknown;
	/** Whether the method accepts all cycles of the call. Otherwise they are refunded. */
	readonly takesCycles?: boolean;
}

export class SystemCanister {
	readonly text: string;

	constructor(
		readonly id: Uint8Array,
		/** Name for messages. */
		readonly name: string,
		readonly methods: Readonly<Record<string, SystemMethod>>,
	) {
		this.text = principalText(id);
	}

	/** Runs a method. Queries may be called as updates. @returns also the remaining cycles */
	call(
		kind: "query" | "update",
		method: string,
		arg: Uint8Array,
		message: SystemMessage,
	): { readonly response: Response; readonly refund: bigint } {
		const known = Object.hasOwn(this.methods, method) ? this.methods[method] : undefined;
		try {
			if (!known || (kind === "query" && known.kind === "update")) throw this.#missing(kind, method);
			const value = known.run(decode(known, arg) as never, message);
			const bytes = new Uint8Array(IDL.encode([known.result], [value]));
			return { response: { kind: "reply", bytes }, refund: known.takesCycles ? 0n : message.cycles };
		} catch (error) {
			if (!(error instanceof ExecutionError)) throw error;
			const response = { kind: "reject", reject: error.toReject(this.text) } as const;
			return { response, refund: message.cycles };
		}
	}

	#missing(kind: string, method: string): ExecutionError {
		return new ExecutionError(
			"IC0536",
			`The ${this.name} has no ${kind} method '${method}' in this local network`,
		);
	}
}

/** Like the real canisters, does not decode arguments of a method without parameters. */
function decode({ args }: SystemMethod, arg: Uint8Array): unknown {
	if (args.length === 0) return undefined;
	try {
		return IDL.decode([...args], Uint8Array.from(arg))[0];
	} catch (error) {
		throw explicitTrap(`failed to decode call arguments: ${(error as Error).message}`);
	}
}
