/**
 * Links the kernel into a canister that Azle built.
 *
 * Functions, types and the one global are added at the end of their index spaces, so no index shifts; every
 * call of the five system calls becomes a call of the kernel's function in front of it. The path of the build is
 * taken out (place.ts). All else keeps its bytes: linking is deterministic, takes well under a second and leaves
 * the canister's own instruction counts as they are.
 */
import { ByteReader, WasmFormatError } from "../../wasm/bytes.js";
import {
	appendEntries,
	countEntries,
	customSections,
	findSection,
	type ImportDescription,
	readExports,
	readImports,
	readSections,
	replaceSection,
	type Section,
	SectionId,
	setCustomSection,
	writeSections,
} from "../../wasm/module.js";
import { VERSION } from "./abi.js";
import { functionType, unsignedLeb } from "./assembler.js";
import { redirectCalls } from "./calls.js";
import { LinkError } from "./errors.js";
import { ATTACHED_GLOBAL, KernelIndex, kernelFunctions, REDIRECTED, SYSTEM_CALLS } from "./kernel.js";
import { removePlace } from "./place.js";

export { LinkError } from "./errors.js";

/**
 * The custom section that marks a linked Wasm; its content is the version of the convention in abi.ts. On
 * the Internet Computer it can be read as the canister's public metadata `canister-blobs:sha256`.
 */
export const MARK_NAME = "icp:public canister-blobs:sha256";
export const MARK_CONTENT = String(VERSION);

const CANDID_NAME = "icp:public candid:service";

/** An export that only Azle's template has. */
const AZLE_EXPORT = "execute_method_js";

/** What a module imports. */
interface Imported {
	readonly functions: readonly ImportDescription[];
	readonly globals: number;
	readonly memories: number;
}

/** Does `read`; a Wasm that cannot be read is refused with what to do about it. */
function refusing<T>(read: () => T): T {
	try {
		return read();
	} catch (error) {
		if (!(error instanceof WasmFormatError)) throw error;
		throw new LinkError(
			`${error.message}: give the .wasm that \`azle build\` wrote, whole, or build it again`,
		);
	}
}

/** The version of the convention that a Wasm was linked with, if it was. */
export function linkedVersion(wasm: Uint8Array): string | undefined {
	return refusing(() => markOf(readSections(wasm)));
}

/**
 * The Wasm with the kernel in it. One that was linked already is given back as it is.
 *
 * @throws {LinkError} if it is no Wasm, not built by Azle, or linked with another version.
 */
export function linkKernel(wasm: Uint8Array): Uint8Array {
	return refusing(() => linked(wasm));
}

function linked(wasm: Uint8Array): Uint8Array {
	const sections = readSections(wasm);
	const mark = markOf(sections);
	if (mark === MARK_CONTENT) return wasm;
	if (mark !== undefined) {
		throw new LinkError(
			`linked already with version ${mark} of the kernel, and this is version ${MARK_CONTENT}: ` +
				"build it again, then link it",
		);
	}
	const imported = importsIn(sections);
	check(sections, imported);
	removePlace(sections, imported.functions.length);
	const system = Object.fromEntries(
		Object.entries(SYSTEM_CALLS).map(([name, call]) => [name, findSystemCall(sections, imported, call)]),
	) as Record<keyof typeof SYSTEM_CALLS, number>;
	const firstFunction = imported.functions.length + countEntries(sections, SectionId.function);
	const firstType = countEntries(sections, SectionId.type);
	const kernel = kernelFunctions({
		system,
		firstFunction,
		attached: imported.globals + countEntries(sections, SectionId.global),
	});
	redirect(sections, new Map(REDIRECTED.map((call) => [system[call], firstFunction + KernelIndex[call]])));
	append(
		sections,
		SectionId.type,
		kernel.map(({ parameters, results }) => functionType(parameters, results)),
	);
	append(
		sections,
		SectionId.function,
		kernel.map((_, i) => unsignedLeb(firstType + i)),
	);
	append(sections, SectionId.global, [ATTACHED_GLOBAL]);
	append(
		sections,
		SectionId.code,
		kernel.map(({ body }) => body),
	);
	setCustomSection(sections, MARK_NAME, new TextEncoder().encode(MARK_CONTENT));
	return writeSections(sections);
}

/**
 * The Wasm with its Candid interface as public metadata, where agents and explorers look for it. dfx adds it to what
 * it deploys, other tools do not.
 */
export function withCandid(wasm: Uint8Array, did: string): Uint8Array {
	return refusing(() => {
		const sections = readSections(wasm);
		setCustomSection(sections, CANDID_NAME, new TextEncoder().encode(did));
		return writeSections(sections);
	});
}

/** Adds entries at the end of a vector section. */
function append(sections: Section[], id: number, entries: readonly ArrayLike<number>[]): void {
	const added = entries.map((entry) => Uint8Array.from(entry));
	replaceSection(sections, id, appendEntries(findSection(sections, id), added));
}

function redirect(sections: Section[], redirected: ReadonlyMap<number, number>): void {
	const { code, callsOf } = redirectCalls(findSection(sections, SectionId.code)!, redirected);
	replaceSection(sections, SectionId.code, code);
	for (const target of redirected.keys()) {
		if (!callsOf.has(target)) {
			throw new LinkError(
				"the Wasm imports a system call but never calls it: was it built by a supported Azle?",
			);
		}
	}
}

function markOf(sections: readonly Section[]): string | undefined {
	const mark = customSections(sections).find(({ name }) => name === MARK_NAME);
	return mark && new TextDecoder().decode(mark.bytes);
}

/** Refuses what is no canister built by Azle for a 32-bit heap. */
function check(sections: readonly Section[], imported: Imported): void {
	const foreign = imported.functions.find(({ module }) => module !== "ic0");
	if (foreign !== undefined) {
		throw new LinkError(
			`it imports ${foreign.module}.${foreign.name}, which the Internet Computer does not offer: ` +
				"give the .wasm that `azle build` wrote",
		);
	}
	const isAzle = readExports(sections).some(({ name }) => name === AZLE_EXPORT);
	const hasMemory = imported.memories + countEntries(sections, SectionId.memory) > 0;
	if (!isAzle || !hasMemory || findSection(sections, SectionId.code) === undefined) {
		throw new LinkError(
			`not a canister built by Azle (it has no export "${AZLE_EXPORT}"): ` +
				"give the .wasm that `azle build` wrote, by default .azle/<canister>/<canister>.wasm",
		);
	}
}

/** The function index of a system call, whose type must be the one that the kernel knows. */
function findSystemCall(
	sections: readonly Section[],
	imported: Imported,
	{ name, type }: { readonly name: string; readonly type: readonly number[] },
): number {
	const index = imported.functions.findIndex((entry) => entry.name === name);
	if (index < 0) {
		throw new LinkError(`it does not import ic0.${name}: build it with Azle 0.33 or newer, stable mode`);
	}
	const types = new ByteReader(findSection(sections, SectionId.type) ?? Uint8Array.of(0));
	types.u32();
	for (let i = 0; i < imported.functions[index]!.type; i++) {
		types.u8();
		types.skip(types.u32());
		types.skip(types.u32());
	}
	if (types.take(type.length).some((byte, i) => byte !== type[i])) {
		throw new LinkError(`its import ic0.${name} has not the type of a 32-bit heap: build it with Azle 0.33`);
	}
	return index;
}

function importsIn(sections: readonly Section[]): Imported {
	const imports = readImports(sections);
	const other = imports.find(({ kind }) => kind === "tag");
	if (other !== undefined)
		throw new LinkError(`it imports ${other.module}.${other.name}, of a kind that Azle never imports`);
	const count = (wanted: string) => imports.filter(({ kind }) => kind === wanted).length;
	return {
		functions: imports.filter(({ kind }) => kind === "function"),
		globals: count("global"),
		memories: count("memory"),
	};
}
