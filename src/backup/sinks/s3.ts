import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type AWSHeaders, S3mini, S3ServiceError } from "s3mini";
import * as is from "../../client/arguments.js";
import { checkArgument, checkOptions, S3_SINK } from "../checks.js";
import { BackupError } from "../errors.js";
import { isObjectName, type Sink, type SinkObject } from "../sink.js";

/** A bucket, and the access key for it. */
export interface S3SinkOptions {
	/** URL of the service, without the bucket, such as `https://s3.eu-central-1.amazonaws.com`. */
	readonly endpoint: string;
	/** Name of the bucket. */
	readonly bucket: string;
	/** Prefix of all names in the bucket, such as `backups/store`. @default "" (none) */
	readonly prefix?: string | undefined;
	/** Region for signatures. @default "auto" */
	readonly region?: string | undefined;
	/** Id of the access key. */
	readonly accessKeyId: string;
	/** Secret of the access key. Never in an error or log. */
	readonly secretAccessKey: string;
}

const PAGE = 1_000;
const MAX_ATTEMPTS = 6;
const BASE_DELAY_MS = 200;
const REQUEST_TIMEOUT_MS = 120_000;

/** Two concurrent creations of a name: S3 refuses both, and both must retry. */
const CONFLICT = 409;
const isStatus = (error: unknown, ...statuses: number[]): boolean =>
	error instanceof S3ServiceError && statuses.includes(error.status);
const mayPass = (error: unknown): boolean =>
	!(error instanceof S3ServiceError) || error.status >= 500 || isStatus(error, 408, 429, CONFLICT);

/** A repository in a bucket of S3, or of a compatible service that honours If-None-Match. */
export class S3Sink implements Sink {
	readonly name: string;
	readonly #s3: S3mini;
	readonly #prefix: string;

	constructor(options: S3SinkOptions) {
		checkArgument("options", options, is.object);
		checkOptions(options, S3_SINK);
		for (const name of ["endpoint", "bucket", "accessKeyId", "secretAccessKey"] as const)
			checkArgument(name, options[name], is.text);
		const { endpoint, bucket, prefix = "", region = "auto", accessKeyId, secretAccessKey } = options;
		if (!URL.canParse(endpoint))
			throw new BackupError("option_invalid", { option: "endpoint", reason: "it must be a URL" });
		this.#prefix = prefix === "" ? "" : `${prefix.replace(/^\/+|\/+$/g, "")}/`;
		const url = new URL(endpoint);
		url.pathname = `${url.pathname.replace(/\/+$/, "")}/${bucket}`;
		this.name = `s3://${bucket}/${this.#prefix} at ${url.host}`;
		this.#s3 = new S3mini({
			endpoint: url.toString(),
			region,
			accessKeyId,
			secretAccessKey,
			requestAbortTimeout: REQUEST_TIMEOUT_MS,
		});
	}

	get(name: string, start: number, length: number): Promise<Uint8Array | undefined> {
		return this.#request(name, async (key) => {
			try {
				const response = await this.#s3.getObjectRaw(key, false, start, start + length);
				const bytes = new Uint8Array(await response.arrayBuffer());
				// Some services answer a range request with the whole object.
				return response.status === 206 ? bytes : bytes.subarray(start, start + length);
			} catch (error) {
				if (isStatus(error, 404)) return undefined;
				if (isStatus(error, 416)) return new Uint8Array(0);
				throw error;
			}
		});
	}

	size(name: string): Promise<number | undefined> {
		return this.#request(name, async (key) => {
			try {
				return await this.#s3.getContentLength(key);
			} catch (error) {
				const { cause } = error as Error;
				if (isStatus(cause, 404)) return undefined;
				throw cause ?? error;
			}
		});
	}

	put(name: string, bytes: Uint8Array): Promise<void> {
		return this.#request(name, (key) => this.#write(key, bytes, {}));
	}

	create(name: string, bytes: Uint8Array): Promise<boolean> {
		return this.#request(name, async (key) => {
			try {
				await this.#write(key, bytes, { "If-None-Match": "*" });
				return true;
			} catch (error) {
				if (isStatus(error, 412)) return false;
				throw error;
			}
		});
	}

	async #write(key: string, bytes: Uint8Array, headers: Record<string, string>): Promise<void> {
		// The service compares the checksum: it refuses bytes damaged in transfer, and they are sent again.
		const md5 = createHash("md5").update(bytes).digest("base64");
		const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
		const response = await this.#s3.putObject(key, body, "application/octet-stream", undefined, {
			...headers,
			"Content-MD5": md5,
		} as AWSHeaders);
		await response.arrayBuffer();
	}

	delete(name: string): Promise<void> {
		return this.#request(name, async (key) => {
			await this.#s3.deleteObject(key);
		});
	}

	async *list(prefix: string): AsyncGenerator<SinkObject> {
		let token: string | undefined;
		do {
			const page = await this.#attempt(prefix, () =>
				this.#s3.listObjectsPaged("/", this.#prefix + prefix, PAGE, token),
			);
			if (!page) throw new BackupError("sink_failed", { object: prefix, reason: "there is no such bucket" });
			for (const { Key, Size } of page.objects ?? []) {
				const name = Key.slice(this.#prefix.length);
				if (isObjectName(name)) yield { name, size: Number(Size) };
			}
			token = page.nextContinuationToken;
		} while (token !== undefined);
	}

	#request<T>(name: string, request: (key: string) => Promise<T>): Promise<T> {
		if (!isObjectName(name)) throw new RangeError(`${JSON.stringify(name)} is no name of an object`);
		return this.#attempt(name, () => request(this.#prefix + name));
	}

	async #attempt<T>(object: string, request: () => Promise<T>): Promise<T> {
		for (let attempt = 1; ; attempt++) {
			try {
				return await request();
			} catch (error) {
				if (attempt === MAX_ATTEMPTS || !mayPass(error))
					throw new BackupError("sink_failed", { object, reason: reasonOf(error) }, error);
				await sleep(Math.random() * BASE_DELAY_MS * 2 ** attempt);
			}
		}
	}
}

function reasonOf(error: unknown): string {
	if (error instanceof S3ServiceError) return `HTTP ${error.status} ${error.serviceCode ?? ""}`.trim();
	const { message, cause } = error as Error;
	return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
