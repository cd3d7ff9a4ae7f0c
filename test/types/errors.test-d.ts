import {
	type AnyBlobError,
	BlobError,
	type BlobErrorOf,
	type CanisterError,
	type ClientError,
	type ClientErrorCode,
	type ErrorAction,
	type ErrorCode,
	isBlobError,
} from "canister-blobs";
import { expectTypeOf, test } from "vitest";

/** Compiled by `npm run check`, never run: the types of errors whose code is known. */

declare const thrown: unknown;

test("any error narrows by its code", () => {
	if (!isBlobError(thrown)) return;
	expectTypeOf(thrown).toEqualTypeOf<AnyBlobError>();
	expectTypeOf(thrown.code).toEqualTypeOf<ErrorCode | ClientErrorCode>();
	expectTypeOf(thrown.action).toEqualTypeOf<ErrorAction>();
	switch (thrown.code) {
		case "precondition_failed":
			expectTypeOf(thrown).toEqualTypeOf<CanisterError<"precondition_failed">>();
			expectTypeOf(thrown.details.sequence).toEqualTypeOf<bigint>();
			// @ts-expect-error: another error's detail
			thrown.details.status;
			break;
		case "http":
			expectTypeOf(thrown).toEqualTypeOf<ClientError<"http">>();
			expectTypeOf(thrown.details.status).toEqualTypeOf<number>();
			expectTypeOf(thrown.details.retryAfterMs).toEqualTypeOf<number | undefined>();
			break;
		// @ts-expect-error: no such code
		case "gone":
	}
	// @ts-expect-error: which details there are is not known before the code is
	thrown.details.sequence;
});

test("an error that is asked for by its code is that one", () => {
	if (isBlobError(thrown, "quota_exceeded")) {
		expectTypeOf(thrown).toEqualTypeOf<BlobErrorOf<"quota_exceeded">>();
		expectTypeOf(thrown.details.used).toEqualTypeOf<bigint>();
	}
	// @ts-expect-error: no such code
	isBlobError(thrown, "quota");
	expectTypeOf<BlobErrorOf<"http" | "behind">>().toEqualTypeOf<
		ClientError<"http"> | CanisterError<"behind">
	>();
});

test("an error of each code is a BlobError", () => {
	expectTypeOf<AnyBlobError>().toExtend<BlobError>();
	expectTypeOf<AnyBlobError["code"]>().toEqualTypeOf<BlobError["code"]>();
	if (thrown instanceof BlobError && isBlobError(thrown, "aborted"))
		expectTypeOf(thrown.details.reason).toEqualTypeOf<string>();
});
