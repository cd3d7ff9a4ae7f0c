import { readFile } from "node:fs/promises";
import { quickStart } from "./quick-start.js";

// Where the network of this folder notes its URL and what is installed in it.
const { url, canisters } = JSON.parse(await readFile(".canister-blobs/network.json", "utf8"));
await quickStart(url, canisters[0].id, "key.pem", "holiday.mp4");
