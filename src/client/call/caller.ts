import {
	ArgumentsWriter,
	type Bounds,
	Malformed,
	Message,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	useNativeUtf8,
	type WireResult,
} from "../../protocol/index.js";
import { CanisterError, isBlobError, located, ofItem, refused, replyInvalid } from "../errors/errors.js";
import { concat, lebEncode, utf8 } from "../util/bytes.js";
import { hasRoom, prepend, withRoom } from "../util/room.js";
import { admitted } from "./admittance.js";
import { isAnonymous, principalOf } from "./agent.js";
import { definitionOf } from "./methods.js";
import { Queries, type QueryOptions } from "./query.js";
import { type Patience, type RetryPolicy, SHORT_PATIENCE } from "./retry.js";
import type { Transport } from "./transport.js";
import { type UpdateOptions, Updates } from "./update.js";

/** The methods of a blob store, typed: arguments in, the `ok` of the result out, its `err` thrown. */
export class Caller {
	readonly #updates: Updates;
	readonly #queries: Queries;
	readonly #transport: Transport;

	constructor(transport: Transport, policy: RetryPolicy) {
		this.#transport = transport;
		this.#updates = new Updates(transport, policy);
		this.#queries = new Queries(transport, policy);
	}

	/**
	 * Calls a method as an update, a query method too (its answer is then certified).
	 * @throws CanisterError, ClientError
	 */
	async update<Name extends MethodName>(
		name: Name,
		args: MethodArgs<Name>,
		options: UpdateOptions,
	): Promise<MethodOk<Name>> {
		const { signal, beforeSending, onRetry, rights } = options;
		return this.#locating(async () => {
			// The canister takes no such message from an anonymous caller, and would refuse it without a reason.
			if (
				definitionOf(name).kind === "update" &&
				isAnonymous(principalOf(await this.#transport.network.identity()))
			)
				throw new CanisterError({ anonymous: {} });
			return admitted(() => this.#update(name, args, options), {
				method: name,
				ports: this.#transport.ports,
				signal,
				onRetry,
				rights,
				account: () => this.#update("blobs_account", [[]], { signal, beforeSending, verify: true }),
			});
		});
	}

	/** Does `run`; its error names the canister and the caller. */
	async #locating<T>(run: () => Promise<T>): Promise<T> {
		try {
			return await run();
		} catch (error) {
			const { canisterId, network } = this.#transport;
			// An identity that cannot be used is what went wrong, not what hides it.
			const caller = await network.principal().then(String, () => undefined);
			throw located(error, { canister: canisterId.toText(), ...(caller !== undefined && { caller }) });
		}
	}

	#update<Name extends MethodName>(
		name: Name,
		args: MethodArgs<Name>,
		options: UpdateOptions,
	): Promise<MethodOk<Name>> {
		const patience = OF_OPEN_UPLOADS.has(name) ? undefined : patienceWithMode;
		return this.#updates.call(name, encodeArgs(name, args), { patience, ...options }, (reply) =>
			decodeResult(name, reply),
		);
	}

	/**
	 * Calls a query method as one.
	 * @param check throws where the answer is not what it must be; whether it is then asked for again is decided as
	 *   for every other error.
	 * @throws CanisterError, ClientError
	 */
	query<Name extends MethodName>(
		name: Name,
		args: MethodArgs<Name>,
		options: QueryOptions,
		check?: (answer: MethodOk<Name>) => Promise<void>,
	): Promise<MethodOk<Name>> {
		const arg = encodeArgs(name, args);
		return this.#locating(() =>
			this.#queries.retry(async (attempt) => {
				const answer = decodeResult(name, await this.#queries.once(name, arg, options, attempt));
				await check?.(answer);
				return answer;
			}, options),
		);
	}
}

/** A transfer that is under way waits as long as the policy has it for a store that is closed for a while. */
const OF_OPEN_UPLOADS = new Set<MethodName>(["blobs_put_chunk", "blobs_link_chunks", "blobs_commit_upload"]);

const patienceWithMode = (error: unknown): Patience | undefined =>
	isBlobError(error, "not_live") ? SHORT_PATIENCE : undefined;

const writers = new Map<MethodName, ArgumentsWriter>();

function writerOf(name: MethodName): ArgumentsWriter {
	const writer = writers.get(name) ?? new ArgumentsWriter(definitionOf(name).args);
	writers.set(name, writer);
	return writer;
}

const EMPTY = new Uint8Array(0);

/**
 * Candid of a method's arguments, with room before it. Where the last argument is a blob, as in the calls that carry a
 * chunk, what comes before it is written with an empty one in its place, of which the last byte, the length, is then
 * replaced: a blob that was read with room before it is not copied at all.
 */
function encodeArgs<Name extends MethodName>(name: Name, args: MethodArgs<Name>): Uint8Array {
	const last: unknown = args.at(-1);
	const writer = writerOf(name);
	if (!(last instanceof Uint8Array)) return withRoom(writer.write(args));
	const head = writer.write([...args.slice(0, -1), EMPTY]);
	const before = concat(head.subarray(0, -1), lebEncode(BigInt(last.length)));
	return hasRoom(last) ? prepend(before, last) : withRoom(before, last);
}

/**
 * What one reply may cost. A page of 1,000 manifests with 32 entries of metadata each has some 110,000 values; the
 * effort leaves room for fields that a later version adds to each.
 */
const REPLY_BOUNDS: Bounds = {
	text: Number.POSITIVE_INFINITY,
	texts: Number.POSITIVE_INFINITY,
	longTexts: true,
	listsOfTexts: true,
	values: 250_000,
	effort: 10_000_000,
	isStrict: false,
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined where they are not UTF-8. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
	try {
		return decoder.decode(bytes);
	} catch {
		return undefined;
	}
}

// The reader's own way suits QuickJS; here it takes four times as long.
useNativeUtf8({
	maxBytes: Number.POSITIVE_INFINITY,
	decode: decodeUtf8,
	check: (bytes) => decodeUtf8(bytes) !== undefined,
	encode: utf8,
});

const replies = new Map<MethodName, Message<unknown>>();

function replyOf(name: MethodName): Message<unknown> {
	const message = replies.get(name) ?? new Message<unknown>(definitionOf(name).result);
	replies.set(name, message);
	return message;
}

/**
 * Replies are read by the project's own reader: that of @dfinity/candid makes what a short message claims to hold,
 * reads a number in time that grows with the square of its length, and copies a chunk many times over. Byte strings
 * are views into the reply.
 */
export function decodeResult<Name extends MethodName>(name: Name, reply: Uint8Array): MethodOk<Name> {
	let result: WireResult<MethodOk<Name>>;
	try {
		result = replyOf(name).decode(reply, REPLY_BOUNDS) as WireResult<MethodOk<Name>>;
	} catch (error) {
		if (!(error instanceof Malformed)) throw error;
		throw replyInvalid(name, error.reason);
	}
	if ("ok" in result) return result.ok;
	throw ofItem(refused(result.err), result.err.item[0]);
}
