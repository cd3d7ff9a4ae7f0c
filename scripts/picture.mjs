// node scripts/picture.mjs: writes docs/main-job.svg, the picture of the main job in README.md. A test compares it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const WIDTH = 760;
const HEIGHT = 250;
const INK = "#24292f";
const MUTED = "#57606a";
const LINE = "#8c959f";
const DONE = "#1a7f37";
const OPEN = "#afb8c1";

const text = (x, y, words, { size = 13, color = INK, anchor = "middle", weight = "normal" } = {}) =>
	`<text x="${x}" y="${y}" font-size="${size}" fill="${color}" text-anchor="${anchor}" font-weight="${weight}">${words}</text>`;
const box = (x, y, width, height) =>
	`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="#ffffff" stroke="${LINE}"/>`;
const arrow = (x1, y, x2, color = LINE) =>
	`<path d="M${x1} ${y}H${x2}" stroke="${color}" stroke-width="1.5" marker-end="url(#head)" fill="none"/>`;

/** Chunks in a grid; arrived ones are filled. */
function chunks(x, y, columns, rows, arrived) {
	return Array.from({ length: columns * rows }, (_, i) => {
		const [left, top] = [x + (i % columns) * 18, y + Math.floor(i / columns) * 18];
		return `<rect x="${left}" y="${top}" width="14" height="14" rx="3" fill="${i < arrived ? DONE : "none"}" stroke="${i < arrived ? DONE : OPEN}"/>`;
	}).join("");
}

export function picture() {
	const parts = [
		// The uploader.
		box(10, 50, 190, 150),
		text(105, 75, "Browser or Node", { weight: "bold" }),
		text(105, 95, "file, stream, URL", { color: MUTED, size: 12 }),
		chunks(42, 110, 7, 3, 0),
		text(105, 185, "chunks of up to 2 MiB, hashed", { color: MUTED, size: 11 }),
		// The network between them.
		arrow(205, 95, 315),
		arrow(205, 115, 315),
		arrow(205, 135, 315),
		text(260, 82, "in parallel", { color: MUTED, size: 12 }),
		text(260, 160, "interrupted?", { color: MUTED, size: 11 }),
		text(260, 175, "run it again:", { color: MUTED, size: 11 }),
		text(260, 190, "the rest is sent", { color: MUTED, size: 11 }),
		// The store.
		box(320, 50, 190, 150),
		text(415, 75, "Canister", { weight: "bold" }),
		text(415, 95, "each chunk hashed on arrival", { color: MUTED, size: 11 }),
		chunks(352, 110, 7, 3, 13),
		text(415, 185, "published as one certified blob", { color: MUTED, size: 11 }),
		// The readers.
		...[
			[35, "downloads, ranges"],
			[85, "URLs, service worker"],
			[135, "lists and proofs"],
			[185, "incremental backup"],
		].flatMap(([y, words]) => [
			box(590, y, 160, 34),
			text(670, y + 21, words, { size: 11 }),
			arrow(515, y + 17, 585, DONE),
		]),
		text(550, 30, "verified", { color: DONE, size: 12 }),
	];
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" role="img" aria-label="A file is split into chunks, which are uploaded in parallel to a canister, hashed there, and published as one certified blob that readers verify.">
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${LINE}"/></marker></defs>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${parts.join("\n")}
</svg>
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	writeFileSync(join(fileURLToPath(new URL("..", import.meta.url)), "docs/main-job.svg"), picture());
