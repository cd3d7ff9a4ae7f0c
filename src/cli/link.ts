/** `canister-blobs link`: puts the native SHA-256 into a canister that Azle built. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { LinkError, linkedVersion, linkKernel } from "../canister/native/link.js";
import { type Command, UsageError } from "./command.js";

const help = `Usage: canister-blobs link <in.wasm> -o <out.wasm>

Links the native SHA-256 into a canister built by \`azle build\`. A canister with
canister-blobs in it refuses to install without this step.

  -o, --output <path>  where to write; may be the input. A name that ends in .gz
                       is written compressed.
  -h, --help           show this

The input may be compressed with gzip. A Wasm that is linked already is written
as it is. What was at the output path stays until the new file is whole.`;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

async function readWasm(path: string): Promise<Uint8Array> {
	let bytes: Uint8Array;
	try {
		bytes = await readFile(path);
	} catch (cause) {
		throw new LinkError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
	}
	try {
		return isGzip(bytes) ? gunzipSync(bytes) : bytes;
	} catch (cause) {
		throw new LinkError(`${path}: the gzip data is damaged: build it again`, { cause });
	}
}

/** Writes aside, then renames, so that nobody takes half a Wasm for a whole one. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
	const aside = `${path}.${process.pid}.part`;
	try {
		await writeFile(aside, bytes);
		await rename(aside, path);
	} catch (cause) {
		await rm(aside, { force: true });
		throw new LinkError(`cannot write ${path}: ${(cause as Error).message}`, { cause });
	}
}

async function run(args: readonly string[]): Promise<void> {
	const { values, positionals } = parseArgs({
		args: [...args],
		allowPositionals: true,
		options: { output: { type: "string", short: "o" } },
	});
	const [input] = positionals;
	if (input === undefined || positionals.length > 1) throw new UsageError("link takes one Wasm file");
	if (values.output === undefined || values.output === "") {
		throw new UsageError(`link needs -o <path>; to change the file in place: -o ${input}`);
	}
	const wasm = await readWasm(input);
	let linked: Uint8Array;
	let already: string | undefined;
	try {
		already = linkedVersion(wasm);
		linked = linkKernel(wasm);
	} catch (error) {
		if (error instanceof LinkError) throw new LinkError(`${input}: ${error.message}`, { cause: error });
		throw error;
	}
	const { output } = values;
	await writeWhole(output, output.endsWith(".gz") ? gzipSync(linked, { level: 9 }) : linked);
	console.log(
		already === undefined
			? `${output}: linked, ${linked.length} bytes of Wasm (${linked.length - wasm.length} more)`
			: `${output}: was linked already, nothing changed`,
	);
}

export const link: Command = {
	summary: "put the native SHA-256 into a canister built by Azle",
	help,
	run,
};
