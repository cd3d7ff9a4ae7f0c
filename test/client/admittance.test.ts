import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { admitted } from "../../src/client/call/admittance.js";
import { ClientError, isBlobError } from "../../src/client/errors/errors.js";
import type { WireAccount } from "../../src/protocol/index.js";
import { virtualPorts } from "./support/ports.js";
import { failure } from "./support/transfers.js";

/** A refusal by `inspect_message` has no typed error: the client finds the reason. */

const refusal = (method = "blobs_put_chunk") =>
	new ClientError("rejected", {
		rejectCode: 4,
		rejectMessage: "Canister rejected the message",
		errorCode: "IC0406",
		isCertified: false,
		method,
	});
const accountWith = (...roles: string[]) =>
	({
		who: Principal.fromText("2vxsx-fae"),
		roles,
		administers: [false],
		granted: [],
	}) as unknown as WireAccount;

/** Calls that are refused the first `times`, by a caller with these roles. */
function tried(times: number, account: () => Promise<WireAccount>) {
	const ports = virtualPorts();
	const seen = { calls: 0, retries: 0, asked: 0, slept: ports.slept };
	const call = async () => {
		if (seen.calls++ < times) throw refusal();
		return "done";
	};
	const result = admitted(call, {
		method: "blobs_put_chunk",
		ports,
		signal: undefined,
		onRetry: () => void seen.retries++,
		account: () => {
			seen.asked++;
			return account();
		},
	});
	return { result, seen };
}

describe("a message that inspect_message refuses", () => {
	it("is tried again until a node has seen the role, and nothing is asked", async () => {
		const { result, seen } = tried(3, async () => accountWith());
		expect(await result).toBe("done");
		expect(seen).toMatchObject({ calls: 4, retries: 3, asked: 0 });
	});

	it("for 10 seconds; then the account is asked for, which says why", async () => {
		const { result, seen } = tried(99, async () => accountWith());
		const error = await failure(result);
		expect(isBlobError(error, "not_admitted") && error.details).toEqual({
			method: "blobs_put_chunk",
			who: "2vxsx-fae",
			roles: [],
		});
		expect(seen.slept.reduce((sum, ms) => sum + ms, 0)).toBe(10_000);
		expect(seen).toMatchObject({ calls: 11, asked: 1 });
	});

	it("is tried once more where the subnet knows of a role", async () => {
		const { result } = tried(11, async () => accountWith("writer"));
		expect(await result).toBe("done");
		const other = tried(99, async () => accountWith("reader"));
		const error = await failure(other.result);
		expect(isBlobError(error, "not_admitted") && error.details.roles).toEqual(["reader"]);
		expect(other.seen.calls).toBe(12);
	});

	it("is tried once more where it has a grant, which the error names with its roles", async () => {
		const granted = { ...accountWith("reader"), granted: [["writer"]] as [string[]] };
		expect(await tried(11, async () => granted).result).toBe("done");
		const error = await failure(tried(99, async () => granted).result);
		expect(isBlobError(error, "not_admitted") && error.details.roles).toEqual(["reader", "writer"]);
	});

	it("is tried once more for who controls the canister", async () => {
		expect(await tried(11, async () => ({ ...accountWith(), administers: [true] })).result).toBe("done");
	});

	it("stays what it was where the account is not told either", async () => {
		const { result } = tried(99, () => Promise.reject(refusal("blobs_account")));
		const error = await failure(result);
		expect(isBlobError(error, "rejected") && error.details.method).toBe("blobs_put_chunk");
	});
});

it("any other failure is none of this", async () => {
	const error = new ClientError("network", { url: "https://icp-api.io" });
	const options = { method: "m", ports: virtualPorts(), signal: undefined, onRetry: undefined };
	const account = () => Promise.reject(new Error("asked"));
	expect(await failure(admitted(() => Promise.reject(error), { ...options, account }))).toBe(error);
});

it("hands on what keeps the question for the account back, so that a paused transfer asks later", async () => {
	const closed = new Error("closed");
	const { result } = tried(99, () => Promise.reject(closed));
	expect(await failure(result)).toBe(closed);
});
