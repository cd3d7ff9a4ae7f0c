/**
 * Canister interface, "Canister module format" and "WebAssembly module requirements".
 */
import { gunzipSync } from "node:zlib";
import { hex, sha256 } from "../encoding/bytes.js";
import { isSystemCall } from "../system-api/imports.js";
import { instrument, parseModule } from "../wasm/meter.js";
import { markWrites } from "../wasm/write-marks.js";
import { type Reject, RejectCode, reject } from "./rejects.js";

const MAX_WASM_BYTES = 100 * 1024 * 1024;
const ENTRY_POINTS = new Set([
	"canister_init",
	"canister_inspect_message",
	"canister_pre_upgrade",
	"canister_post_upgrade",
	"canister_heartbeat",
	"canister_on_low_wasm_memory",
	"canister_global_timer",
]);
const METHOD = /^canister_(update|query|composite_query) /;

export interface Metadata {
	readonly isPublic: boolean;
	readonly bytes: Uint8Array;
}

/** Thrown if a module is not a valid canister module. */
export class InvalidModule extends Error {
	toReject(canister: string): Reject {
		return reject(
			RejectCode.CanisterError,
			"IC0505",
			`Error from Canister ${canister}: Canister's Wasm module is not valid: ${this.message}.\n` +
				"If you are running this canister in a test environment (e.g., dfx), make sure the test environment " +
				"is up to date. Otherwise, this is likely an error with the compiler/CDK toolchain being used to " +
				"build the canister. Please report the error to IC devs on the forum: https://forum.dfinity.org " +
				"and include which language/CDK was used to create the canister.",
		);
	}
}

export interface CanisterModule {
	/** SHA-256 of the installed bytes, compressed or not: `/canister/<id>/module_hash`. */
	readonly hash: Buffer;
	readonly bytes: number;
	readonly compiled: WebAssembly.Module;
	readonly systemCalls: readonly string[];
	readonly exports: ReadonlySet<string>;
	readonly metadata: ReadonlyMap<string, Metadata>;
}

/** Total size of the cached modules. A later installation of the same Wasm reuses them. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;
const kept = new Map<string, CanisterModule>();
let keptBytes = 0;

/**
 * Compiles a module, or takes it from the cache: an upgrade, or a second canister with the same Wasm, then skips the
 * instrumentation and runs optimised code.
 */
export function compileModule(installed: Uint8Array, metering: boolean): CanisterModule {
	const hash = sha256(installed);
	const name = `${metering} ${hex(hash)}`;
	const known = kept.get(name);
	const module = known ?? compile(installed, hash, metering);
	if (!known) keptBytes += module.bytes;
	kept.delete(name);
	kept.set(name, module);
	for (const [oldest, { bytes }] of kept) {
		if (keptBytes <= MAX_KEPT_BYTES) break;
		kept.delete(oldest);
		keptBytes -= bytes;
	}
	return module;
}

function compile(installed: Uint8Array, hash: Buffer, metering: boolean): CanisterModule {
	const binary = decompress(installed);
	let compiled: WebAssembly.Module;
	let parsed: ReturnType<typeof parseModule>;
	try {
		// Validate the original: instrumentation must not hide an error.
		if (!WebAssembly.validate(binary)) void new WebAssembly.Module(binary);
		parsed = parseModule(binary);
		checkImports(parsed.imports);
		checkExports(parsed.exports);
		const instrumented = instrument(binary, { metering });
		compiled = new WebAssembly.Module(markWrites(instrumented) ?? instrumented);
	} catch (error) {
		if (error instanceof InvalidModule) throw error;
		throw new InvalidModule(`Failed to decode wasm module: ${(error as Error).message}`);
	}
	return {
		hash,
		bytes: installed.length,
		compiled,
		systemCalls: parsed.imports.map((entry) => entry.name),
		exports: new Set(parsed.exports.filter((entry) => entry.kind === "function").map((entry) => entry.name)),
		metadata: metadataOf(parsed.customSections),
	};
}

function decompress(bytes: Uint8Array): Uint8Array {
	if (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08) {
		try {
			return gunzipSync(bytes, { maxOutputLength: MAX_WASM_BYTES });
		} catch (error) {
			throw new InvalidModule(`Failed to decode wasm module: ${(error as Error).message}`);
		}
	}
	if (bytes[0] !== 0x00 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
		throw new InvalidModule("Failed to decode wasm module: unsupported canister module format");
	}
	return bytes;
}

function checkImports(imports: readonly { module: string; name: string; kind: string }[]): void {
	for (const { module, name, kind } of imports) {
		if (kind !== "function") {
			throw new InvalidModule(
				`Wasm module has an invalid import section. Module imports a ${kind} '${name}' from '${module}', only functions can be imported`,
			);
		}
		if (module !== "ic0" || !isSystemCall(name)) {
			throw new InvalidModule(
				`Wasm module has an invalid import section. Module imports function '${name}' from '${module}' that is not exported by the runtime`,
			);
		}
	}
}

function checkExports(exports: readonly { name: string; kind: string }[]): void {
	const methods = new Set<string>();
	for (const { name, kind } of exports) {
		if (kind !== "function" || !name.startsWith("canister_")) continue;
		const prefix = METHOD.exec(name)?.[0];
		if (prefix) {
			const method = name.slice(prefix.length);
			if (methods.has(method)) {
				throw new InvalidModule(
					`Wasm module has an invalid exported function. Duplicate function '${method}' exported multiple times with different call types: update, query, or composite_query`,
				);
			}
			methods.add(method);
		} else if (!ENTRY_POINTS.has(name)) {
			throw new InvalidModule(
				`Wasm module has an invalid exported function. Exporting reserved function '${name}' with "canister_" prefix`,
			);
		}
	}
}

function metadataOf(sections: readonly { name: string; bytes: Uint8Array }[]): Map<string, Metadata> {
	const metadata = new Map<string, Metadata>();
	for (const { name, bytes } of sections) {
		const match = /^icp:(public|private) (.*)$/s.exec(name);
		if (!match) {
			if (name.startsWith("icp:"))
				throw new InvalidModule(
					`Wasm module has an invalid custom section. Invalid custom section name '${name}'`,
				);
			continue;
		}
		// A copy: the section is a view of the whole module.
		metadata.set(match[2]!, { isPublic: match[1] === "public", bytes: Uint8Array.from(bytes) });
	}
	return metadata;
}
