/** `canister-blobs link`: puts the native SHA-256 into a canister that Azle built. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { LinkError, linkKernel, withCandid } from "../canister/native/link.js";
import { type Command, UsageError } from "./command.js";

const help = `Usage: canister-blobs link <in.wasm> -o <out.wasm> [--candid <file.did>]

Links the native SHA-256 into a canister built by \`azle build\`. A canister with
canister-blobs in it refuses to install without this step. The path of the folder
in which azle built is taken out of the Wasm, so that the same sources give the
same Wasm in any folder.

  -o, --output <path>  where to write; may be the input. A name that ends in .gz
                       is written compressed.
  --candid <file.did>  the interface that the Wasm is to show as its public
                       metadata candid:service: what azle wrote
  -h, --help           show this

The input may be compressed with gzip. A Wasm that is linked already is written
as it is. What was at the output path stays until the new file is whole.`;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The byte of gzip's header that names the system which compressed: 3 on Linux, 19 on a Mac. */
const SYSTEM_AT = 9;
const SYSTEM_UNKNOWN = 255;

/** The same bytes on every system. */
function compress(bytes: Uint8Array): Uint8Array {
	const compressed = gzipSync(bytes, { level: 9 });
	compressed[SYSTEM_AT] = SYSTEM_UNKNOWN;
	return compressed;
}

async function readInput(path: string): Promise<Buffer> {
	try {
		return await readFile(path);
	} catch (cause) {
		throw new LinkError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
	}
}

async function readWasm(path: string): Promise<Uint8Array> {
	const bytes = await readInput(path);
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
		options: { output: { type: "string", short: "o" }, candid: { type: "string" } },
	});
	const [input] = positionals;
	if (input === undefined || positionals.length > 1) throw new UsageError("link takes one Wasm file");
	if (values.output === undefined || values.output === "") {
		throw new UsageError(`link needs -o <path>; to change the file in place: -o ${input}`);
	}
	const wasm = await readWasm(input);
	let linked: Uint8Array;
	try {
		linked = linkKernel(wasm);
	} catch (error) {
		if (error instanceof LinkError) throw new LinkError(`${input}: ${error.message}`, { cause: error });
		throw error;
	}
	if (values.candid !== undefined)
		linked = withCandid(linked, (await readInput(values.candid)).toString("utf8"));
	const { output } = values;
	await writeWhole(output, output.endsWith(".gz") ? compress(linked) : linked);
	console.log(
		Buffer.compare(linked, wasm) !== 0
			? `${output}: linked, ${linked.length} bytes of Wasm (${linked.length - wasm.length} more)`
			: `${output}: was linked already, nothing changed`,
	);
}

export const link: Command = {
	help,
	run,
};
