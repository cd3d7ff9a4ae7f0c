import { IDL } from "@dfinity/candid";
import { idlTypes } from "../../protocol/idl.js";
import { HTTP_METHODS, METHODS } from "../../protocol/index.js";

/**
 * The interface of a canister in readable form. Azle repeats every type at each use; the package's store.did has them
 * by name, with comments. This takes the store's methods from store.did, and the application's as Azle wrote them.
 */
export interface ReadableInterface {
	readonly did: string;
	/** Number of all methods, and of the store's among them. */
	readonly methods: number;
	readonly ofStore: number;
}

const typeOf = idlTypes(IDL);
const ALL = { ...METHODS, ...HTTP_METHODS };

/** A method in Azle's notation, normalised in spaces and in quotes around Candid keywords. */
function spelled(name: string): string | undefined {
	if (!Object.hasOwn(ALL, name)) return undefined;
	const { args, result, kind } = ALL[name as keyof typeof ALL];
	const types = args.map((type) => typeOf(type).display()).join(",");
	return bare(`(${types})->(${typeOf(result).display()})${kind === "query" ? "query" : ""}`);
}

const bare = (text: string): string => text.replaceAll(/[\s"]/g, "");

interface Parts {
	/** Text before the service: types and comments. */
	readonly before: string;
	/** `service : () -> {`, up to the brace. */
	readonly head: string;
	/** Text between the braces. */
	readonly body: string;
}

function partsOf(did: string): Parts {
	const found = /^service\s*:(?:.*->)?\s*\{$/m.exec(did);
	const end = did.lastIndexOf("}");
	if (found === null || end < found.index) throw new Error("a Candid interface without a service");
	const body = found.index + found[0].length;
	return { before: did.slice(0, found.index).trim(), head: found[0], body: did.slice(body, end) };
}

/** Methods by name. Each is a line in Azle's text, and a paragraph in the package's. */
function methodsOf(body: string, separator: string): Map<string, string> {
	const methods = new Map<string, string>();
	for (const text of body.split(separator)) {
		const found = /^ *(?:"((?:[^"\\]|\\.)*)"|([^"\s:]+)) *:/m.exec(text.replaceAll(/^ *\/\/.*$/gm, ""));
		if (found) methods.set((found[1] ?? found[2])!, text.replace(/^\n+|\s+$/g, ""));
	}
	return methods;
}

/**
 * @param azleDid output of Azle
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
	// Its first paragraph is about the origin of store.did.
	const types = stores.length === 0 ? "" : store.before.slice(store.before.indexOf("\n\n")).trim();
	const parts = [about, types, azle.before, `${azle.head}\n${[...own, ...stores].join("\n\n")}\n}`];
	return {
		did: `${parts.filter((part) => part !== "").join("\n\n")}\n`,
		methods: own.length + stores.length,
		ofStore: stores.length,
	};
}
