import type { Answer, Question } from "./messages.js";
import { verifyBls } from "./verify.js";

/** The script of a worker that verifies signatures. */

const say = (answer: Answer) => postMessage(answer);

addEventListener("message", ({ data }: MessageEvent<Question>) => {
	const { number, key, signature, message } = data;
	try {
		say({ number, isGood: verifyBls(key, signature, message) });
	} catch (error) {
		say({ number, reason: error instanceof Error ? error.message : String(error) });
	}
});
say("ready");
