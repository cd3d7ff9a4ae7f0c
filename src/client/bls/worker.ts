import { blsVerify } from "@dfinity/agent";
import type { Answer, Question } from "./messages.js";

/** The script of a worker that verifies signatures. */

const say = (answer: Answer) => postMessage(answer);

addEventListener("message", ({ data }: MessageEvent<Question>) => {
	const { number, key, signature, message } = data;
	try {
		say({ number, isGood: blsVerify(key, signature, message) });
	} catch (error) {
		say({ number, reason: error instanceof Error ? error.message : String(error) });
	}
});
say("ready");
