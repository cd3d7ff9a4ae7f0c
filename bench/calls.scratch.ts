import { readFile } from "node:fs/promises";
import { measureCalls } from "./calls.js";
import { measureSmallBlobs } from "./small-blobs.js";
const wasm = await readFile("dist/scratch/store/store.wasm");
console.log(await measureCalls(wasm));
console.log(await measureSmallBlobs(wasm));
