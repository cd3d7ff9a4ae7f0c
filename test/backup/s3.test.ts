import { afterAll, beforeAll, expect, test } from "vitest";
import { Repository, runSinkCheck, S3Sink, SINK_CHECKS } from "../../src/backup/index.js";
import { ACCESS, type S3Server, startS3 } from "./support/s3-server.js";

/** Buckets as sinks, against a small server. */

let server: S3Server;
beforeAll(async () => {
	server = await startS3("bucket");
});
afterAll(() => server.close());

const open = (prefix: string, access = ACCESS) =>
	new S3Sink({ endpoint: server.endpoint, bucket: "bucket", prefix, ...access });

test.each(SINK_CHECKS)("a bucket: $name", async (check) => {
	expect(await runSinkCheck(check, () => open("checks"))).toBeUndefined();
	expect([...server.objects.keys()]).toEqual([]);
});

test("repositories stand beside each other under their prefixes", async () => {
	await Repository.init(open("a/b"));
	await Repository.init(open("a/c/"));
	await Repository.init(open(""), {}).catch((error: unknown) =>
		expect(error).toMatchObject({ code: "repository_exists" }),
	);
	expect([...server.objects.keys()].sort()).toEqual(
		["a/b", "a/c"].flatMap((prefix) => [
			`${prefix}/generations/000000000000/000000000000`,
			`${prefix}/repository.json`,
		]),
	);
});

test("what a busy service refuses is asked again; what it refuses for good is not, and shows no secret", async () => {
	const sink = open("busy");
	server.failures = { status: 503, count: 3 };
	await sink.put("object", Buffer.from("bytes"));
	expect(server.failures.count).toBe(0);
	const refused = await open("busy", { ...ACCESS, secretAccessKey: "another" })
		.get("object", 0, 5)
		.catch((error: unknown) => error);
	expect(refused).toMatchObject({
		code: "sink_failed",
		details: { reason: "HTTP 403 SignatureDoesNotMatch" },
	});
	expect(JSON.stringify(refused) + String(refused)).not.toContain("another");
});

test("a service that ignores If-None-Match is found at first use, and refused", async () => {
	server.honours = false;
	await expect(Repository.init(open("ignores"))).rejects.toMatchObject({ code: "sink_unconditional" });
	await expect(Repository.init(open("single"), { singleWriter: true })).resolves.toBeDefined();
	server.honours = true;
});
