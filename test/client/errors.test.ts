import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { CLIENT_ERRORS, type ClientErrorCode } from "../../src/client/errors/client-errors.js";
import { BlobError, CanisterError, ClientError, isBlobError } from "../../src/client/index.js";
import { ERROR_TABLE, type ErrorCode, type WireError } from "../../src/protocol/index.js";
import { ofCanister, ofClient } from "./support/error-details.js";

const ACTIONS = ["retry", "fix", "give_up", "ask"];

/** Two sentences, what happened and what to do. */
const TWO_SENTENCES = /^\S.*[^.\s]\. [A-Z].*[^.\s]\.$/;

describe("errors", () => {
	it.each(Object.keys(ERROR_TABLE) as ErrorCode[])("of the canister: %s", (code) => {
		const details = ofCanister[code];
		const error = new CanisterError({ [code]: details } as unknown as WireError);
		expect(Object.keys(details).sort()).toEqual(Object.keys(ERROR_TABLE[code].fields).sort());
		expect(error).toBeInstanceOf(BlobError);
		expect(error).toMatchObject({ name: "CanisterError", code, action: ERROR_TABLE[code].action, details });
		expect(error.message).toMatch(TWO_SENTENCES);
		expect(isBlobError(error, code)).toBe(true);
	});

	it.each(Object.keys(CLIENT_ERRORS) as ClientErrorCode[])("of the client: %s", (code) => {
		const cause = new Error("cause");
		const error = new ClientError(code, ofClient[code], cause);
		expect(error).toMatchObject({ code, details: ofClient[code], cause });
		expect(ACTIONS).toContain(error.action);
		expect(error.message).not.toMatch(/undefined|\[object/);
		expect(error.message).toMatch(TWO_SENTENCES);
		expect(isBlobError(error, code)).toBe(true);
	});

	it("stand side by side in docs/ERRORS.md (`npx vitest run test/client/errors.test.ts -u` writes it)", async () => {
		const rowOf = ({ code, action, message }: BlobError) =>
			`| \`${code}\` | ${action} | ${message.replaceAll("|", "\\|")} |`;
		const table = (errors: BlobError[]) =>
			["| code | action | message |", "|---|---|---|", ...errors.map(rowOf)].join("\n");
		const canister = Object.entries(ofCanister).map(
			([code, details]) => new CanisterError({ [code]: details } as unknown as WireError),
		);
		const client = (Object.keys(CLIENT_ERRORS) as ClientErrorCode[]).map(
			(code) => new ClientError(code, ofClient[code]),
		);
		const text = `# Errors

Everything that the client throws is a \`BlobError\`. \`code\` says what went wrong, \`action\` what the caller should do: \`retry\` (the same request may succeed later), \`fix\` (the request or its options are wrong), \`give_up\` (the state of the store rules it out), \`ask\` (another party must act first). \`details\` holds the facts, typed by \`code\`; \`cause\` is the error behind it. \`isBlobError(error, code)\` tells and types them.

The messages below are made with example details.

## From the store

${table(canister)}

## From the client

${table(client)}
`;
		await expect(text).toMatchFileSnapshot("../../docs/ERRORS.md");
	});

	it("say of a request that would be refused again what to look at", () => {
		const error = new ClientError("http", { status: 400, body: "b", retryAfterMs: undefined });
		expect(error).toMatchObject({
			action: "fix",
			message: expect.stringMatching(/the clock of this machine/),
		});
	});

	it("say of a file that cannot be written how to go on", () => {
		const error = new ClientError("file_failed", { path: "p", errno: "EACCES", reason: "r" });
		expect(error).toMatchObject({ action: "fix", message: expect.stringMatching(/Download again/) });
	});

	/** By the replica's own codes and words (test/localnet/golden), and by the reject code alone where it gives no more. */
	const rejections: [
		code: number,
		errorCode: string | undefined,
		text: string,
		action: string,
		advice: RegExp,
	][] = [
		[1, undefined, "no", "give_up", /SYS_FATAL.*subnet.*another subnet/],
		[1, "IC0101", "The subnet is oversubscribed", "give_up", /SYS_FATAL, IC0101.*another subnet/],
		[2, undefined, "busy", "retry", /SYS_TRANSIENT.*try again/],
		[2, "IC0204", "Ingress history full", "retry", /try again/],
		[2, "IC0207", "Canister x is out of cycles", "ask", /IC0207.*top it up/],
		[2, "IC0210", "Canister x is heap delta rate limited", "retry", /try again/],
		[3, undefined, "nowhere", "fix", /DESTINATION_INVALID.*canister id.*host/],
		[3, "IC0301", "Canister x not found", "fix", /IC0301.*canister id.*host/],
		[4, undefined, "no", "give_up", /CANISTER_REJECT.*what the canister says/],
		[4, "IC0406", "Canister rejected the message", "give_up", /IC0406.*sign in.*role/],
		[5, undefined, "bad", "give_up", /CANISTER_ERROR.*changed nothing.*operator/],
		[5, "IC0502", "Canister trapped: unreachable", "give_up", /IC0502.*changed nothing.*operator/],
		[5, "IC0503", "Canister called `ic0.trap`", "give_up", /IC0503.*changed nothing/],
		[5, "IC0506", "Canister x did not reply to the call", "give_up", /IC0506.*blob store/],
		[5, "IC0507", "Canister x is out of memory", "ask", /IC0507.*memory/],
		[5, "IC0508", "Canister x is stopped", "retry", /IC0508.*upgrade.*try again.*start it/],
		[5, "IC0509", "Canister x is stopping", "retry", /IC0509.*upgrade.*try again/],
		[5, "IC0522", "Canister exceeded the limit of 1 instructions", "give_up", /IC0522.*fewer at a time/],
		[5, "IC0532", "Canister cannot grow memory", "ask", /IC0532.*top it up/],
		[5, "IC0534", "Canister cannot grow memory", "ask", /IC0534.*reserved_cycles_limit/],
		[5, "IC0535", "Canister cannot grow message memory", "ask", /IC0535.*top it up/],
		[5, "IC0536", "Canister has no update method 'x'", "fix", /IC0536.*canister id.*version/],
		[5, "IC0537", "the canister contains no Wasm module", "ask", /IC0537.*install/],
		[5, "IC0539", "Canister exceeded its Wasm memory limit", "ask", /IC0539.*wasm_memory_limit/],
		[6, undefined, "gone", "retry", /SYS_UNKNOWN.*may have been executed/],
		[9, undefined, "new", "give_up", /code 9:/],
	];
	it.each(rejections)(
		"say what to do about reject code %i, %s",
		(rejectCode, errorCode, text, action, advice) => {
			const rejectMessage = `${text}.\nConsider this and that. See documentation: https://example.org/x`;
			const details = { rejectCode, rejectMessage, errorCode, isCertified: true, method: "blobs_stat" };
			const error = new ClientError("rejected", details);
			expect(error).toMatchObject({ action, details });
			expect(error.message).toMatch(advice);
			expect(error.message).toContain(`blobs_stat was rejected`);
			// What the network says, in its own words, without what it advises the canister's developer.
			expect(error.message).toContain(`: ${text}. `);
			expect(error.message).not.toMatch(/Consider|\n|undefined|\.\./);
			expect(error.message).toMatch(/\.$/);
		},
	);

	it("say in little time what whoever is on the way has filled with anything", () => {
		const details = { rejectCode: 5, errorCode: "constructor", isCertified: true, method: "blobs_stat" };
		const startedAt = performance.now();
		const error = new ClientError("rejected", { ...details, rejectMessage: `${".".repeat(40_000)}x` });
		expect(performance.now() - startedAt).toBeLessThan(1_000);
		expect(error.action).toBe("give_up");
		expect(error.message).toMatch(/operator of the canister/);
		expect(error.message.length).toBeLessThan(2_000);
	});

	it("have codes that mean one thing each", () => {
		const shared = Object.keys(CLIENT_ERRORS).filter((code) => code in ERROR_TABLE);
		expect(shared).toEqual([]);
	});

	it("are known across realms, and nothing else is", () => {
		const foreign = runInNewContext(
			"Object.assign(new Error('x'), { code: 'network', [Symbol.for('canister-blobs.BlobError')]: true })",
		);
		expect(foreign).not.toBeInstanceOf(Error);
		expect(isBlobError(foreign)).toBe(true);
		expect(isBlobError(foreign, "network")).toBe(true);
		expect(isBlobError(foreign, "timeout")).toBe(false);
		for (const other of [undefined, null, "network", new Error("x"), { code: "network" }])
			expect(isBlobError(other)).toBe(false);
	});
});
