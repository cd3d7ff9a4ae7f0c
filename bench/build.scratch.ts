import { buildCanister } from "../examples/support/build.js";

await buildCanister(new URL("../dist/scratch/store", import.meta.url).pathname, "store");
