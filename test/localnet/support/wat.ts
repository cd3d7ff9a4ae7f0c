/** Canisters written as text, for tests. */
import { readFile } from "node:fs/promises";
import binaryen from "binaryen";

export function assemble(wat: string): Uint8Array {
	const module = binaryen.parseText(wat);
	try {
		// Not All: that emits encodings which no engine here reads yet.
		module.setFeatures(binaryen.Features.MutableGlobals | binaryen.Features.BulkMemory);
		return module.emitBinary();
	} finally {
		module.dispose();
	}
}

export async function probe(): Promise<Uint8Array> {
	return assemble(await readFile(new URL("../golden/probe.wat", import.meta.url), "utf8"));
}

export const CANDID = "service : { echo : (blob) -> (blob) }";

/** The module with its Candid interface as public metadata, and some private metadata. */
export function withMetadata(wasm: Uint8Array): Uint8Array {
	return Buffer.concat([
		wasm,
		customSection("icp:public candid:service", CANDID),
		customSection("icp:private secret", "for controllers"),
	]);
}

function customSection(name: string, content: string): Uint8Array {
	const bytes = Buffer.concat([Uint8Array.of(name.length), Buffer.from(name), Buffer.from(content)]);
	if (bytes.length > 127 || name.length > 127) throw new RangeError("one byte of LEB128 is enough for tests");
	return Buffer.concat([Uint8Array.of(0, bytes.length), bytes]);
}
