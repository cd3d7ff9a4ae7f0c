import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MeteredStore, newId, publication, rootOf } from "/work/main/bench/metered.js";
import { MAX_CHUNK_BYTES, MIN_CHUNK_BYTES } from "/work/main/src/protocol/index.js";

const wasm = await readFile(process.argv[2]!);
const store = await MeteredStore.deploy(wasm);
const M = (r: { instructions: bigint | number }) => (Number(r.instructions) / 1e6).toFixed(2);
console.log("install", store.messages.map((m) => `${m.kind} ${m.method} ${M(m)}`).slice(-3));
const put = (key: string, n: number) => {
	const bytes = new Uint8Array(randomBytes(n));
	return store.costOf(
		"blobs_put_blob",
		{ id: newId(), key, ...publication(rootOf(bytes, MAX_CHUNK_BYTES)) },
		bytes,
	);
};
for (let i = 0; i < 5; i++) {
	const r = await put(`dir/file-${i}`, 1000);
	console.log("put_blob 1KB", M(r), r.stableBytesWritten);
}
await new Promise((r) => setTimeout(r, 3000));
for (let i = 0; i < 3; i++)
	console.log(
		"begin",
		M(
			await store.costOf("blobs_begin_upload", {
				id: newId(),
				key: `up/x${i}`,
				size: [10_000_000n],
				chunk_size: MAX_CHUNK_BYTES,
			}),
		),
	);
const id = newId();
await store.call("blobs_begin_upload", {
	id,
	key: "big",
	size: [BigInt(MAX_CHUNK_BYTES * 4)],
	chunk_size: MAX_CHUNK_BYTES,
});
const whole = new Uint8Array(randomBytes(4000));
const big = new Uint8Array(MAX_CHUNK_BYTES * 4);
for (let i = 0; i < big.length; i += 4000) big.set(whole.subarray(0, Math.min(4000, big.length - i)), i);
for (let i = 0; i < 4; i++) big[i * MAX_CHUNK_BYTES] = i;
for (let i = 0; i < 4; i++) {
	const r = await store.costOf(
		"blobs_put_chunk",
		id,
		i,
		big.subarray(i * MAX_CHUNK_BYTES, (i + 1) * MAX_CHUNK_BYTES),
	);
	console.log(
		"put",
		M(r),
		Number(r.instructions) / MAX_CHUNK_BYTES,
		Number(r.stableBytesWritten) / MAX_CHUNK_BYTES,
	);
}
console.log(
	"commit4",
	M(
		await store.costOf("blobs_commit_upload", {
			id,
			size: BigInt(big.length),
			...publication(rootOf(big, MAX_CHUNK_BYTES)),
		}),
	),
);
console.log("stat", M(await store.costOf("blobs_stat", { key: "dir/file-1", min_sequence: [] })));
console.log("stat absent", M(await store.costOf("blobs_stat", { key: "dir/file-11", min_sequence: [] })));
const items = Array.from({ length: 190 }, (_, i) => {
	const content = new Uint8Array(randomBytes(10_000));
	return { key: `many/photo-${1000 + i}.jpg`, content, ...publication(rootOf(content, MAX_CHUNK_BYTES)) };
});
store.messages.length = 0;
{
	const r = await store.costOf("blobs_put_many", { id: newId(), blobs: items });
	console.log(
		"put_many 190x10KB",
		M(r),
		"per blob",
		Number(r.instructions) / 190e6,
		"cycles/byte",
		Number(r.cycles) / 1.9e6,
		Number(r.stableBytesWritten) / 1.9e6,
	);
}
{
	const r = await store.costOf("blobs_put_many", {
		id: newId(),
		blobs: items.map((x) => ({ ...x, key: x.key + "b" })),
	});
	console.log("again dedupe", M(r), "per blob", Number(r.instructions) / 190e6);
}
console.log(
	"list 100",
	M(
		await store.costOf("blobs_list", {
			prefix: "",
			recursive: true,
			after: [],
			limit: 100,
			min_sequence: [],
		}),
	),
);
console.log(
	"changes 100",
	M(await store.costOf("blobs_changes", { after: [], limit: 100, min_sequence: [] })),
);
console.log("stats", M(await store.costOf("blobs_stats")));
await new Promise((r) => setTimeout(r, 4000));
console.log(
	"timers",
	store.messages.filter((m) => m.kind !== "update" && m.kind !== "query").map((m) => `${m.kind} ${M(m)}`),
);
console.log(
	"delete",
	M(
		await store.costOf("blobs_delete", {
			id: newId(),
			key: "many/photo-1000.jpg",
			precondition: { none: null },
		}),
	),
);
await store.dispose();
