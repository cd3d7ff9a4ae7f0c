/** `canister-blobs link`: puts the native SHA-256 into a canister that Azle built. */
import { LinkError, linkKernel, withCandid } from "../../canister/native/link.js";
import { type Command, parsed, UsageError } from "../command.js";
import { readInput, readWasm, writeWasm } from "./wasm-file.js";

const help = `Usage: canister-blobs link <in.wasm> -o <out.wasm> [--candid <file.did>]

Links the native SHA-256 into a canister built by \`azle build\`; \`canister-blobs build\`
does both. A canister with canister-blobs in it refuses to install without it. The path of the folder
in which azle built is taken out of the Wasm, so that the same sources give the
same Wasm in any folder.

  -o, --output <path>  where to write; may be the input. A name that ends in .gz
                       is written compressed.
  --candid <file.did>  the interface that the Wasm is to show as its public
                       metadata candid:service: what azle wrote
  -h, --help           show this

The input may be compressed with gzip. A Wasm that is linked already is written
as it is. What was at the output path stays until the new file is whole.`;

async function run(args: readonly string[]): Promise<void> {
	const { values, positionals } = parsed(args, {
		output: { type: "string", short: "o" },
		candid: { type: "string" },
	});
	const [input, second] = positionals;
	if (input === undefined) throw new UsageError("link takes a Wasm file");
	if (second !== undefined)
		throw new UsageError(`link takes one Wasm file; did you mean: link ${input} -o ${second}`);
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
	await writeWasm(output, linked);
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
