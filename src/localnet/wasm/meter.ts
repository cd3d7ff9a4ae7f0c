/**
 * Prepares a canister's module for the local network.
 *
 * With metering, instructions are counted as on the replica (see charge.ts and weights.ts), in the exported global
 * `canister_blobs:instructions_left`. The host sets it before a call and reads it afterwards. A trap with a negative
 * value means that the limit was exceeded.
 *
 * In any case the canister's state is exported, so that a message can be reverted: mutable globals as
 * `canister_blobs:global:<index>`, memory 0 as `canister_blobs:memory`, the first funcref table as
 * `canister_blobs:table`. The start function is exported as `canister_blobs:start` instead of run by the engine, since
 * the host must first set its instruction limit.
 *
 * All additions are at the end of their index spaces (core specification, chapter 2.5.1), so no index shifts.
 */
import { ByteReader, ByteWriter, WasmFormatError } from "../../wasm/bytes.js";
import {
	appendEntries,
	countEntries,
	EXTERNAL_KINDS,
	type ExternalKind,
	findSection,
	readExports,
	readImports,
	readParameterCounts,
	readSections,
	replaceSection,
	type Section,
	SectionId,
	skipLimits,
	writeSections,
} from "../../wasm/module.js";
import { type Charger, createCharger } from "./charge.js";
import { InstructionDecoder } from "./decoder.js";

export { type ModuleSummary, parseModule } from "../../wasm/module.js";

export const EXPORT_PREFIX = "canister_blobs:";
export const INSTRUCTIONS_LEFT = `${EXPORT_PREFIX}instructions_left`;
export const EXPORTED_MEMORY = `${EXPORT_PREFIX}memory`;
export const EXPORTED_TABLE = `${EXPORT_PREFIX}table`;
export const EXPORTED_START = `${EXPORT_PREFIX}start`;
export const EXPORTED_GLOBAL_PREFIX = `${EXPORT_PREFIX}global:`;

const FUNCREF = 0x70;
const I32 = 0x7f;
const I64 = 0x7e;

export interface InstrumentOptions {
	readonly metering: boolean;
}

export function instrument(wasm: Uint8Array, { metering }: InstrumentOptions): Uint8Array {
	const sections = readSections(wasm);
	const added: Uint8Array[] = [];
	const addExport = (name: string, kind: ExternalKind, index: number): void => {
		added.push(new ByteWriter().name(name).u8(EXTERNAL_KINDS.indexOf(kind)).u32(index).view());
	};
	if (readExports(sections).some(({ name }) => name.startsWith(EXPORT_PREFIX))) {
		throw new WasmFormatError(`the module already exports names that begin with "${EXPORT_PREFIX}"`);
	}

	const imports = readImports(sections);
	const imported = (kind: ExternalKind) => imports.filter((entry) => entry.kind === kind);
	const globals = readGlobalMutability(sections);
	const firstGlobal = imported("global").length;
	globals.forEach((mutable, i) => {
		if (mutable) addExport(`${EXPORTED_GLOBAL_PREFIX}${firstGlobal + i}`, "global", firstGlobal + i);
	});
	if (imported("memory").length + countEntries(sections, SectionId.memory) > 0) {
		addExport(EXPORTED_MEMORY, "memory", 0);
	}
	const tableTypes = [...imported("table").map(({ refType }) => refType), ...readTableTypes(sections)];
	const table = tableTypes.indexOf(FUNCREF);
	if (table >= 0) addExport(EXPORTED_TABLE, "table", table);
	const start = findSection(sections, SectionId.start);
	if (start !== undefined) {
		addExport(EXPORTED_START, "function", new ByteReader(start).u32());
		sections.splice(
			sections.findIndex(({ id }) => id === SectionId.start),
			1,
		);
	}

	if (metering) {
		const counterGlobal = firstGlobal + globals.length;
		addExport(INSTRUCTIONS_LEFT, "global", counterGlobal);
		meter(sections, counterGlobal, imported("function").length);
	}
	const exports = appendEntries(findSection(sections, SectionId.export), added);
	replaceSection(sections, SectionId.export, exports);
	return writeSections(sections);
}

/** Adds the counter and the helper, and rewrites every body. */
function meter(sections: Section[], counterGlobal: number, importedFunctions: number): void {
	const append = (id: number, entry: readonly number[]): void => {
		replaceSection(sections, id, appendEntries(findSection(sections, id), [Uint8Array.from(entry)]));
	};
	const helperType = countEntries(sections, SectionId.type);
	const helper = importedFunctions + countEntries(sections, SectionId.function);
	const charger = createCharger(counterGlobal, helper);
	const parameters = readParameterCounts(sections);
	append(SectionId.type, [0x60, 1, I32, 1, I32]);
	append(SectionId.function, [...new ByteWriter().u32(helperType).view()]);
	append(SectionId.global, [I64, 1, 0x42, 0, 0x0b]);
	const code = findSection(sections, SectionId.code);
	replaceSection(sections, SectionId.code, rewriteCode(code, parameters, charger));
}

function rewriteCode(
	code: Uint8Array | undefined,
	parameters: readonly number[],
	charger: Charger,
): Uint8Array {
	const reader = new ByteReader(code ?? Uint8Array.of(0));
	const count = reader.u32();
	if (count !== parameters.length) throw new WasmFormatError("function and code sections differ in length");
	const out = new ByteWriter(reader.end * 2 + 64).u32(count + 1);
	const body = new ByteWriter(1 << 16);
	for (let i = 0; i < count; i++) {
		const size = reader.u32();
		if (size > reader.end - reader.pos) throw new WasmFormatError(`function body ${i} is cut off`);
		const source = new ByteReader(reader.bytes, reader.pos, reader.pos + size);
		charger.rewrite(source, parameters[i]!, body.clear());
		reader.pos += size;
		out.u32(body.length).bytes(body.view());
	}
	return out.u32(charger.bulkBody.length).bytes(charger.bulkBody).view();
}

function readGlobalMutability(sections: readonly Section[]): boolean[] {
	const bytes = findSection(sections, SectionId.global);
	if (bytes === undefined) return [];
	const reader = new ByteReader(bytes);
	const decoder = new InstructionDecoder(reader);
	return Array.from({ length: reader.u32() }, () => {
		reader.u8();
		const mutable = reader.u8() === 1;
		skipConstantExpression(decoder);
		return mutable;
	});
}

function readTableTypes(sections: readonly Section[]): number[] {
	const bytes = findSection(sections, SectionId.table);
	if (bytes === undefined) return [];
	const reader = new ByteReader(bytes);
	return Array.from({ length: reader.u32() }, () => {
		const type = reader.u8();
		skipLimits(reader);
		return type;
	});
}

/** Constant expressions contain no nested structure, so the first `end` is theirs. */
function skipConstantExpression(decoder: InstructionDecoder): void {
	const END = 0x0b;
	for (;;) {
		const { reader } = decoder;
		const opcode = reader.bytes[reader.pos];
		decoder.step();
		if (opcode === END) return;
	}
}
