/** `canister-blobs build`: builds an installable Wasm from a main file. */
import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { linkKernel, withCandid } from "../../canister/native/link.js";
import { type Command, parsed, UsageError } from "../command.js";
import { PACKAGE_ROOT } from "../package-root.js";
import { buildWithAzle } from "./azle.js";
import { readableInterface } from "./interface.js";
import { findProject } from "./project.js";
import { readWasm, writeWasm, writeWhole } from "./wasm-file.js";

const help = `Usage: canister-blobs build [<canister>] [options]

Builds a canister with a blob store in it: runs Azle, links the native SHA-256 into
the Wasm, and writes its interface with named types and comments, also into the
Wasm as its public metadata candid:service. Run it in the folder of dfx.json; where
there is none it writes one.

  <canister>           its name in dfx.json. Default: the only one that has a \`main\`;
                       in a new dfx.json: store
  --main <file>        the main file, for a new dfx.json. Default: index.ts,
                       src/index.ts, main.ts or index.js, whichever is there
  -o, --output <path>  where the Wasm goes; compressed if it ends in .gz.
                       Default: \`wasm\` of dfx.json, else <canister>.wasm
  --candid <path>      where the interface goes. Default: \`candid\` of dfx.json,
                       else <canister>.did
  --json               print one object: canister, azle, wasm, candid
  -h, --help           show this

As a build step of dfx.json: "build": ["npx canister-blobs build store"]
and of icp.yaml: npx canister-blobs build store -o "$ICP_WASM_OUTPUT_PATH"`;

const STORE_DID = fileURLToPath(new URL("candid/store.did", PACKAGE_ROOT));

async function run(args: readonly string[]): Promise<void> {
	const { values, positionals } = parsed(args, {
		main: { type: "string" },
		output: { type: "string", short: "o" },
		candid: { type: "string" },
		json: { type: "boolean", default: false },
	});
	const [name, second] = positionals;
	if (second !== undefined) throw new UsageError("build takes one canister at a time");
	for (const option of ["main", "output", "candid"] as const)
		if (values[option] === "") throw new UsageError(`--${option} needs a path`);
	const say = (text: string) => values.json || console.log(text);

	const directory = process.cwd();
	const project = await findProject(directory, name, values.main);
	const { canister, main } = project;
	if (project.isNew) say(`dfx.json: written, with the canister ${canister}`);
	say(`${canister}: building ${main} with Azle …`);
	const built = await buildWithAzle(project);
	const linked = linkKernel(await readWasm(built.wasmPath));
	const { did, methods, ofStore } = readableInterface(
		canister,
		built.candid,
		await readFile(STORE_DID, "utf8"),
	);

	const wasmPath = resolve(directory, values.output ?? project.wasm);
	const candidPath = resolve(directory, values.candid ?? project.candid);
	await writeWhole(candidPath, did);
	const wasm = withCandid(linked, did);
	await writeWasm(wasmPath, wasm);

	if (values.json) {
		const files = {
			wasm: { path: wasmPath, bytes: wasm.length },
			candid: { path: candidPath, methods, ofStore },
		};
		console.log(JSON.stringify({ type: "built", canister, main, azle: built.version, ...files }));
		return;
	}
	const shown = (path: string) => {
		const short = relative(directory, path);
		return short.startsWith("..") ? path : short;
	};
	say(`${shown(wasmPath)}: ${wasm.length} bytes of Wasm, by Azle ${built.version}, native SHA-256 linked`);
	say(`${shown(candidPath)}: ${methods} methods, ${ofStore} of them the blob store's`);
}

export const build: Command = { help, run };
