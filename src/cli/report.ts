import { isBackupError } from "../backup/errors.js";
import type { Damage } from "../backup/index.js";
import { isBlobError } from "../client/errors/errors.js";
import { toJson } from "../client/util/json.js";
import { isKeyFileError } from "../encryption/index.js";
import { CommandError, EXIT_FAILURE, EXIT_USAGE, UsageError } from "./command.js";
import { messageFor } from "./messages.js";
import { outputExitCode } from "./output.js";
import { printable } from "./printable.js";
import { counted } from "./sizes.js";

/** Done in part; the output names what is missing. */
export const EXIT_INCOMPLETE = 3;
/** The repository does not exist. */
const EXIT_NO_REPOSITORY = 10;

/** The repository is encrypted, and no given secret opens it. */
const EXIT_LOCKED = 12;

function exitCodeOf(error: unknown): number {
	if (isBackupError(error, "repository_not_found")) return EXIT_NO_REPOSITORY;
	// Errors in the command line that only the client, the store or the repository can detect.
	const isUsage =
		isBlobError(error, "option_invalid") ||
		isBlobError(error, "invalid_argument") ||
		isBackupError(error, "option_invalid");
	if (isUsage) return EXIT_USAGE;
	const isLocked = isBackupError(error, "repository_encrypted") || isKeyFileError(error, "key_file_locked");
	return isLocked ? EXIT_LOCKED : EXIT_FAILURE;
}

const MIB = 2 ** 20;
const BAR_MS = 200;

export const sizeOf = (bytes: number): string =>
	bytes < MIB ? `${Math.ceil(bytes / 1_024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;

/** Escaped, so that a key cannot send escape sequences to a terminal. */
export const shownKey = (key: string): string => JSON.stringify(key);

/** A line of a list. @param modifiedAt a time as ISO 8601 */
export const blobLine = (key: string, size: number, modifiedAt: string): string =>
	`${modifiedAt.slice(0, 19)}Z ${String(size).padStart(14)}  ${shownKey(key)}`;

interface ReportOptions {
	readonly json: boolean;
	readonly quiet: boolean;
	/** Whether stdout contains bytes of a blob only. */
	readonly isPiped?: boolean;
}

/**
 * Output of a command: text for people, or one line of JSON for each event. The last line is always the result.
 * Progress goes to stderr, and only to a terminal, so that cron sends no mail.
 */
export class Report {
	readonly #json: boolean;
	readonly #quiet: boolean;
	/** Stream of the results: stderr if stdout contains the requested bytes. */
	readonly #out: NodeJS.WritableStream;
	#shownMs = 0;
	#hasBar = false;

	constructor({ json, quiet, isPiped = false }: ReportOptions) {
		this.#json = json;
		this.#quiet = quiet;
		this.#out = isPiped ? process.stderr : process.stdout;
	}

	/** Updates the progress line, a few times a second. */
	progress(text: () => string): void {
		const now = performance.now();
		if (this.#json || this.#quiet || !process.stderr.isTTY || now - this.#shownMs < BAR_MS) return;
		this.#shownMs = now;
		this.#hasBar = true;
		process.stderr.write(`\r\u001b[2K${text()}`);
	}

	#clear(): void {
		if (this.#hasBar) process.stderr.write("\r\u001b[2K");
		this.#hasBar = false;
	}

	/** A note for the operator; not an error. */
	note(text: string): void {
		this.#clear();
		if (this.#json) this.#line({ type: "note", text });
		else process.stderr.write(`${printable(text)}\n`);
	}

	/** A loss. Printed with `--quiet`, too. */
	loss(event: object, text: string): void {
		this.#clear();
		if (this.#json) this.#line(event);
		else process.stderr.write(`${printable(text)}\n`);
	}

	/** A damage that was found. */
	damage(damage: Damage): void {
		const { key, object, sha256, reason } = damage;
		const what = key === undefined ? (object ?? sha256 ?? "repository") : shownKey(key);
		this.loss({ type: "damage", ...damage }, `damaged ${what}: ${reason}`);
	}

	/** A blob that could not be uploaded, downloaded, restored or deleted. @param cause the error, or a sentence */
	failedBlob(key: string, cause: unknown): void {
		const reason = messageFor(cause);
		this.loss({ type: "failed", key, reason }, `failed ${shownKey(key)}: ${reason}`);
	}

	/** Blobs that a snapshot lacks. */
	missingBlobs(count: number): void {
		if (count > 0)
			this.loss({ type: "missing", count }, `The snapshot itself lacks ${counted(count, "blob")}.`);
	}

	/** One of many results. */
	item(event: object, text: string): void {
		this.#clear();
		if (this.#json) this.#line(event);
		else if (!this.#quiet) this.#out.write(`${printable(text)}\n`);
	}

	/** The result. @returns the exit code */
	end(exitCode: number, event: object, text: string): number {
		this.#clear();
		if (this.#json) this.#line({ type: "summary", exitCode, ...event });
		else if (!this.#quiet) this.#out.write(`${printable(text)}\n`);
		return exitCode;
	}

	/** @returns the exit code */
	failed(error: unknown): number {
		this.#clear();
		const exitCode = exitCodeOf(error);
		const message = messageFor(error);
		const isOwn =
			isBackupError(error) || isBlobError(error) || isKeyFileError(error) || error instanceof CommandError;
		const code = isOwn ? error.code : "internal";
		if (this.#json) this.#line({ type: "error", exitCode, code, message });
		else process.stderr.write(`canister-blobs: ${printable(message)}\n`);
		return exitCode;
	}

	#line(event: object): void {
		this.#out.write(`${JSON.stringify(toJson(event))}\n`);
	}
}

/** Runs a command and reports its result in any case. */
export async function reported(
	values: ReportOptions,
	run: (report: Report) => Promise<number>,
): Promise<number> {
	const report = new Report(values);
	try {
		return await run(report);
	} catch (error) {
		if (error instanceof UsageError) throw error;
		const ended = outputExitCode();
		if (ended !== undefined) return ended;
		return report.failed(error);
	}
}
