import { execFileSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { once } from "./once.js";

const root = join(import.meta.dirname, "../..");
const modules = join(root, "node_modules");

/** What a canister's author installs beside the package. */
const CANISTER = ["azle", "tsx"];

/** A project's folder with the package in it as npm would install it: from its tarball. */
export interface Project {
	readonly directory: string;
	/** The package's files, by their paths in it. */
	readonly files: readonly string[];
	remove(): Promise<void>;
}

/** The package's tarball, packed once a run. */
export async function pack(run: string): Promise<{ tarball: string; files: string[] }> {
	const { directory, value } = await once(run, "packed", async (folder) => {
		const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
			cwd: root,
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
		});
		const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
		return { filename, files: files.map(({ path }) => path) };
	});
	return { tarball: join(directory, value.filename), files: value.files };
}

/**
 * Packs this package, and unpacks it into a new folder with the sources of a folder here. What else npm would install
 * is linked to what is installed here: the dependencies that the tarball declares and those of what is installed
 * beside it, and theirs, so that one that is not declared is not found.
 *
 * @param run the run's own folder, `inject("run")`
 */
export async function installPacked(
	run: string,
	sources: string,
	{
		name = "canister-blobs-",
		beside = CANISTER,
		within = tmpdir(),
	}: { name?: string; beside?: readonly string[]; within?: string } = {},
): Promise<Project> {
	const { tarball, files } = await pack(run);
	const directory = await mkdtemp(join(within, name));
	const installed = join(directory, "node_modules");
	const own = join(installed, "canister-blobs");
	await mkdir(own, { recursive: true });
	execFileSync("tar", ["-xzf", tarball, "-C", own, "--strip-components=1"]);

	const needed = new Set<string>();
	await closure(join(own, "package.json"), needed);
	for (const dependency of beside) await need(dependency, needed);
	for (const dependency of needed) {
		const link = join(installed, dependency);
		await mkdir(dirname(link), { recursive: true });
		await symlink(join(modules, dependency), link);
	}
	await mkdir(join(installed, ".bin"));
	for (const command of CANISTER)
		if (beside.includes(command))
			await symlink(join(modules, ".bin", command), join(installed, ".bin", command));
	// npm makes what `bin` names executable when it links it.
	await chmod(join(own, "dist/bin/main.js"), 0o755);
	await symlink("../canister-blobs/dist/bin/main.js", join(installed, ".bin/canister-blobs"));

	// Of its own, as every project has one: it is not to be this package's where the folder is within it.
	await writeFile(join(directory, "package.json"), '{ "private": true, "type": "module" }\n');
	for (const file of await readdir(join(root, sources)))
		if (/\.(ts|json|yaml|html)$/.test(file)) await cp(join(root, sources, file), join(directory, file));
	return {
		directory,
		files,
		remove: () => rm(directory, { recursive: true, force: true }),
	};
}

/** Adds the dependencies that a package.json names, and theirs. One in a folder of its own comes with that. */
async function closure(manifest: string, needed: Set<string>): Promise<void> {
	const { dependencies = {} } = JSON.parse(await readFile(manifest, "utf8")) as {
		dependencies?: Record<string, string>;
	};
	for (const name of Object.keys(dependencies)) await need(name, needed);
}

async function need(name: string, needed: Set<string>): Promise<void> {
	if (needed.has(name)) return;
	needed.add(name);
	await closure(join(modules, name, "package.json"), needed);
}
