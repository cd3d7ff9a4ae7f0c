/**
 * node scripts/complete-lock.mjs: adds the optional packages of other platforms to package-lock.json. With a registry
 * that serves only this platform `npm install` omits them, and `npm ci` then rejects the lock file. Run it after every
 * `npm install` behind such a registry.
 */
import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8"));
const P = lock.packages;
const find = (from, name) => {
	let base = from;
	for (;;) {
		const at = `${base ? `${base}/` : ""}node_modules/${name}`;
		if (P[at]) return P[at];
		if (!base) return undefined;
		const i = base.lastIndexOf("/node_modules/");
		base = i < 0 ? "" : base.slice(0, i);
	}
};
const OS = [
	"aix",
	"android",
	"darwin",
	"freebsd",
	"linux",
	"netbsd",
	"openbsd",
	"openharmony",
	"sunos",
	"win32",
];
const CPU = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];
let added = 0;
for (const [at, pkg] of Object.entries(P)) {
	for (const [name, version] of Object.entries(pkg.optionalDependencies ?? {})) {
		const have = find(at, name);
		if (have && (have.version === version || !/^\d/.test(version))) continue;
		const tail = name.split("/").pop();
		const parts = tail.split("-");
		let os = parts.filter((p) => OS.includes(p));
		let cpu = parts.filter((p) => CPU.includes(p));
		let exact = version;
		if (name === "fsevents") {
			os = ["darwin"];
			cpu = [];
			exact = version.replace(/^[~^]/, "");
		}
		const top = `node_modules/${name}`;
		const where = P[top] || at.split("node_modules/").length > 2 ? `${at}/node_modules/${name}` : top;
		P[where] = {
			version: exact,
			...(cpu.length && { cpu }),
			...(pkg.dev && { dev: true }),
			...(tail.includes("musl") && { libc: ["musl"] }),
			...(os.includes("linux") && tail.includes("gnu") && { libc: ["glibc"] }),
			optional: true,
			...(os.length && { os }),
			...(pkg.peer && { peer: true }),
		};
		added++;
	}
}
lock.packages = Object.fromEntries(Object.entries(P).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, "\t")}\n`);
console.log("added", added);
