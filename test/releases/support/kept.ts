import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { once } from "../../support/once.js";

const releases = join(import.meta.dirname, "..");
const root = join(releases, "../..");

/** Versions whose Wasm and package are kept here (`npm run release` adds them), the oldest first. */
export const KEPT_RELEASES: readonly string[] = readdirSync(releases, { withFileTypes: true })
	.filter((entry) => entry.isDirectory() && existsSync(fileOf(entry.name, "wasm")))
	.map(({ name }) => name)
	.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));

/** Where a release's Wasm (gzip) of `examples/store` is kept, or the package as npm serves it. */
export function fileOf(version: string, which: "wasm" | "package"): string {
	return join(releases, version, which === "wasm" ? "store.wasm.gz" : `canister-blobs-${version}.tgz`);
}

/** What a test of the client needs of a package. */
export type Package = Pick<typeof import("../../../src/client/node/index.js"), "BlobClient" | "isBlobError"> &
	Pick<typeof import("../../../src/client/owners/index.js"), "BlobOwners">;

/** The client of a release, out of its tarball. What it depends on is what is installed here. */
export async function packageOf(run: string, version: string): Promise<Package> {
	const { directory } = await once(run, `release-${version}`, async (folder) => {
		await mkdir(join(folder, "package"));
		execFileSync("tar", ["-xzf", fileOf(version, "package"), "-C", folder]);
		await symlink(join(root, "node_modules"), join(folder, "node_modules"));
		return version;
	});
	const load = (path: string) => import(pathToFileURL(join(directory, "package/dist/client", path)).href);
	return { ...(await load("node/index.js")), ...(await load("owners/index.js")) };
}

export async function wasmOf(version: string): Promise<Uint8Array> {
	return gunzipSync(await readFile(fileOf(version, "wasm")));
}
