import { IDL } from "@dfinity/candid";
import { idlTypes } from "../../protocol/idl.js";
import { HTTP_METHODS, METHODS } from "../../protocol/index.js";

/**
 * The interface of a canister as a person reads it. Azle writes every type out at each place where it is used, 40 KB for
 * a store; the package's store.did has them by name, with comments. Here the store's methods are taken from that, and
 * the application's as Azle wrote them.
 */
export interface ReadableInterface {
	readonly did: string;
	/** How many methods there are, and how many of them are the store's. */
	readonly methods: number;
	readonly ofStore: number;
}

const typeOf = idlTypes(IDL);
const ALL = { ...METHODS, ...HTTP_METHODS };

/** A method as Azle would write it, but for spaces, and quotes around names that Candid has a meaning for. */
function spelled(name: string): string | undefined {
	if (!Object.hasOwn(ALL, name)) return undefined;
	const { args, result, kind } = ALL[name as keyof typeof ALL];
	const types = args.map((type) => typeOf(type).display()).join(",");
	return bare(`(${types})->(${typeOf(result).display()})${kind === "query" ? "query" : ""}`);
}

const bare = (text: string): string => text.replaceAll(/[\s"]/g, "");

interface Parts {
	/** What stands before the service: types, comments. */
	readonly before: string;
	/** `service : () -> {`, up to the brace. */
	readonly head: string;
	/** What stands between the braces. */
	readonly body: string;
}

function partsOf(did: string): Parts {
	const found = /^service\s*:(?:.*->)?\s*\{$/m.exec(did);
	const end = did.lastIndexOf("}");
	if (found === null || end < found.index) throw new Error("a Candid interface without a service");
	const body = found.index + found[0].length;
	return { before: did.slice(0, found.index).trim(), head: found[0], body: did.slice(body, end) };
}

/** Methods by name: in Azle's text each is a line, in the package's a paragraph. */
function methodsOf(body: string, separator: string): Map<string, string> {
	const methods = new Map<string, string>();
	for (const text of body.split(separator)) {
		const found = /^ *(?:"((?:[^"\\]|\\.)*)"|([^"\s:]+)) *:/m.exec(text.replaceAll(/^ *\/\/.*$/gm, ""));
		if (found) methods.set((found[1] ?? found[2])!, text.replace(/^\n+|\s+$/g, ""));
	}
	return methods;
}

/**
 * @param azleDid what Azle wrote
 * @param storeDid candid/store.did of the package
 */
export function readableInterface(canister: string, azleDid: string, storeDid: string): ReadableInterface {
	const azle = partsOf(azleDid);
	const store = partsOf(storeDid);
	const readable = methodsOf(store.body, "\n\n");
	const own: string[] = [];
	const stores: string[] = [];
	for (const [name, text] of methodsOf(azle.body, "\n")) {
		const signature = bare(text.slice(text.indexOf(":") + 1)).replace(/;$/, "");
		const known = signature === spelled(name) ? readable.get(name) : undefined;
		if (known === undefined) own.push(`  ${text.trim().replace(/;?$/, ";")}`);
		else stores.push(known);
	}
	const about =
		`// The interface of the canister ${canister}, made by canister-blobs build. The methods named blobs_…\n` +
		"// and their types are canister-blobs': its docs/PROTOCOL.md says what each does.";
	// Its first paragraph says where store.did itself comes from.
	const types = stores.length === 0 ? "" : store.before.slice(store.before.indexOf("\n\n")).trim();
	const parts = [about, types, azle.before, `${azle.head}\n${[...own, ...stores].join("\n\n")}\n}`];
	return {
		did: `${parts.filter((part) => part !== "").join("\n\n")}\n`,
		methods: own.length + stores.length,
		ofStore: stores.length,
	};
}
