import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BlobHandlerOptions, BlobLinks } from "../../src/http/index.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { type Answered, CHUNK, openScene, type Scene, type ServedBlobs, until } from "./served.js";

/** Private blobs: who can read them through a server, and that others can detect nothing. */

const SECRET = "a secret of the test, of 32 bytes or more";
const OLD_SECRET = "the secret that was used before this one, too";
const bytes = Buffer.from(pseudoBytes(2 * CHUNK + 5));
const inAnHour = () => new Date(Date.now() + 3_600_000);

let scene: Scene;
let served: ServedBlobs;
let links: BlobLinks;
let asked: string[] = [];
beforeAll(async () => {
	scene = await openScene();
	const { canisterId } = scene.fixture;
	links = new BlobLinks({ canisterId, secrets: [SECRET, OLD_SECRET] });
	const mayRead: BlobHandlerOptions["mayRead"] = ({ key, method, header, query }) => {
		asked.push(`${method} ${key}`);
		if (query.has("fail")) throw new Error("the hook failed");
		return header("Authorization") === "Bearer of-the-hook";
	};
	served = await scene.serve({ privateClient: scene.owner, links, mayRead });
	await scene.put("public", bytes);
	await scene.put("private/film one.mp4", bytes, { visibility: "private", contentType: "video/mp4" });
	// On a busy machine a put takes seconds.
	const end = new Date(Date.now() + 8_000);
	await scene.put("ended", bytes, { expiresAt: end });
	await scene.put("private/ended", bytes, { visibility: "private", expiresAt: end });
	await until(() => Date.now() > end.getTime() + 50);
});
afterAll(() => scene.dispose());

const KEY = "private/film one.mp4";
const link = (key = KEY, until = inAnHour()) => links.linkFor(key, { until });

/** All that whoever asks can see, but for the time. */
const seen = ({ status, headers: { date: _, ...headers }, body }: Answered) => ({
	status,
	headers,
	body: body.toString(),
});

describe("C96 who has no right", () => {
	const HIDDEN = ["private/film one.mp4", "ended", "private/ended"];
	const QUERIES: [string, (key: string) => string][] = [
		["none", () => ""],
		["of another key", () => link("private/other").split("?")[1]!],
		["that ended", (key) => link(key, new Date(Date.now() - 1_000)).split("?")[1]!],
		[
			"of another end",
			(key) =>
				link(key)
					.split("?")[1]!
					.replace(/until=\d/, "until=9"),
		],
		[
			"with a changed signature",
			(key) =>
				link(key)
					.split("?")[1]!
					.replace(/.$/, (last) => (last === "A" ? "E" : "A")),
		],
		["twice", (key) => `${link(key).split("?")[1]}&until=99999999999`],
		[
			"of another canister",
			(key) =>
				new BlobLinks({ canisterId: "aaaaa-aa", secrets: [SECRET] })
					.linkFor(key, { until: inAnHour() })
					.split("?")[1]!,
		],
		[
			"of another secret",
			(key) => {
				const { canisterId } = scene.fixture;
				const others = new BlobLinks({ canisterId, secrets: [SECRET.toUpperCase()] });
				return others.linkFor(key, { until: inAnHour() }).split("?")[1]!;
			},
		],
		["that is empty", () => "until=&signature="],
	];

	test.each(QUERIES)("sees nothing of a private or ended blob, with a link: %s", async (_, query) => {
		for (const method of ["GET", "HEAD", "PUT"])
			for (const headers of [{}, { Range: "bytes=0-1" }, { "If-None-Match": "*" }, { "If-Match": '"a"' }]) {
				const pathOf = (key: string) => `/${encodeURIComponent(key)}?${query(key)}`;
				const absent = seen(await served.ask(method, pathOf("private/absent"), headers));
				expect(absent.status).toBe(method === "PUT" ? 405 : 404);
				expect(absent.headers["cache-control"]).toBe("no-store");
				for (const key of HIDDEN)
					expect(seen(await served.ask(method, pathOf(key), headers)), key).toEqual(absent);
			}
	});

	test("nor by what the server asks the network", async () => {
		const fresh = await scene.serve({ privateClient: scene.owner, links, freshMs: 0 });
		for (const key of ["private/absent", ...HIDDEN]) {
			scene.queries();
			await fresh.ask("GET", `/${encodeURIComponent(key)}`);
			expect(scene.queries(), key).toBe(1);
		}
	});
});

describe("C96 a link", () => {
	test("reads the blob: all of it, its head, and ranges; nobody on the way keeps it", async () => {
		const whole = await served.ask("GET", link());
		expect(whole.status).toBe(200);
		expect(whole.body.equals(bytes)).toBe(true);
		expect(whole.headers).toMatchObject({
			"cache-control": "private, no-store",
			"referrer-policy": "no-referrer",
			"content-type": "video/mp4",
		});
		const head = await served.ask("HEAD", link());
		expect([head.status, head.headers["content-length"]]).toEqual([200, String(bytes.length)]);
		const part = await served.ask("GET", link(), { Range: `bytes=${CHUNK - 1}-${CHUNK}` });
		expect(part.status).toBe(206);
		expect(part.body.equals(bytes.subarray(CHUNK - 1, CHUNK + 1))).toBe(true);
		expect(part.headers["cache-control"]).toBe("private, no-store");
	});

	test("of a secret that was replaced holds on; until its end, and not longer", async () => {
		const { canisterId } = scene.fixture;
		const old = new BlobLinks({ canisterId, secrets: [OLD_SECRET] });
		expect((await served.ask("GET", old.linkFor(KEY, { until: inAnHour() }))).status).toBe(200);
		const end = new Date((Math.floor(Date.now() / 1_000) + 2) * 1_000);
		const short = link(KEY, end);
		expect((await served.ask("HEAD", short)).status).toBe(200);
		await until(() => Date.now() >= end.getTime());
		expect((await served.ask("HEAD", short)).status).toBe(404);
	});

	test("to a public blob is as its path alone, and to nothing reads nothing", async () => {
		const public_ = await served.ask("GET", link("public"));
		expect([public_.status, public_.headers["cache-control"]]).toEqual([
			200,
			"public, max-age=0, must-revalidate",
		]);
		expect((await served.ask("GET", link("private/absent"))).status).toBe(404);
		expect((await served.ask("GET", link("private/ended"))).status).toBe(404);
	});

	test("has an address before it, and is as long as it takes", () => {
		const until = new Date(1_800_000_000_000);
		expect(links.linkFor("a b/ü", { until, base: "https://blobs.example/files/" })).toMatch(
			/^https:\/\/blobs\.example\/files\/a%20b\/%C3%BC\?until=1800000000&signature=[\w-]{43}$/,
		);
		expect(() => new BlobLinks({ canisterId: "aaaaa-aa", secrets: ["short"] })).toThrow("32");
		expect(() => links.linkFor("a", { until: new Date(Number.NaN) })).toThrow("until");
	});

	test("shows in no log", async () => {
		served.log.length = 0;
		const path = link();
		await served.ask("GET", path);
		await served.ask("GET", `/other#${path}`);
		const [, query] = path.split("?");
		expect(served.log.map(({ path }) => path)).toEqual(["/private/film%20one.mp4", "/other"]);
		expect(JSON.stringify(served.log)).not.toContain(query!.slice(-20));
	});
});

describe("C96 a hook of the owner's", () => {
	const right = { Authorization: "Bearer of-the-hook" };

	test("lets who it names read private blobs, and is not asked for public ones", async () => {
		asked = [];
		const answer = await served.ask("GET", "/private/film%20one.mp4", right);
		expect([answer.status, answer.headers["cache-control"]]).toEqual([200, "private, no-store"]);
		expect(answer.body.equals(bytes)).toBe(true);
		expect((await served.ask("GET", "/private/absent", right)).status).toBe(404);
		expect((await served.ask("GET", "/public")).status).toBe(200);
		expect(asked).toEqual([`GET ${KEY}`, "GET private/absent"]);
	});

	test("that fails is an error, the same whether there is a blob or not", async () => {
		const answers = [];
		for (const key of ["private/absent", "private/film%20one.mp4", "ended"])
			answers.push(seen(await served.ask("GET", `/${key}?fail`, right)));
		expect(answers[0]!.status).toBe(500);
		expect(answers[1]).toEqual(answers[0]);
		expect(answers[2]).toEqual(answers[0]);
		expect(JSON.stringify(answers[0])).not.toContain("hook failed");
		expect(served.log.at(-1)).toMatchObject({
			end: "failed",
			error: { code: "internal", reason: "the hook failed" },
		});
	});

	test("C96 a client with an identity in the place of the anonymous one shows nothing more", async () => {
		const careless = await scene.serve({ client: scene.owner });
		expect((await careless.ask("GET", "/private/film%20one.mp4")).status).toBe(404);
	});
});

test.each([
	["private, max-age=9", "private, max-age=9, must-revalidate"],
	["no-cache, max-age=9", "public, max-age=0, must-revalidate"],
])("C96 a blob that ends is kept no more freely than by its own %s", async (control, expected) => {
	const expiresAt = new Date(Date.now() + 600_000);
	await scene.put("ends-later", bytes, { expiresAt, metadata: { "cache-control": control } });
	const { headers } = await (await scene.serve({ freshMs: 0 })).ask("HEAD", "/ends-later");
	expect(headers["cache-control"]).toBe(expected);
});

test("C96 a blob that ends is kept by nobody for longer, the server included", async () => {
	const end = new Date(Date.now() + 9_000);
	await scene.put("ends", bytes, { expiresAt: end, metadata: { "cache-control": "public, max-age=3600" } });
	const patient = await scene.serve({ freshMs: 60_000 });
	const { headers, status } = await patient.ask("GET", "/ends");
	expect(status).toBe(200);
	expect(headers["cache-control"]).toMatch(/^public, max-age=[0-9], must-revalidate$/);
	await until(() => Date.now() > end.getTime());
	expect((await patient.ask("GET", "/ends")).status).toBe(404);
});
