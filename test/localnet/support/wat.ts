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
