import {
	IDL,
	init,
	inspectMessage,
	msgArgData,
	msgCaller,
	msgMethodName,
	type Principal,
	postUpgrade,
	query,
	StableBTreeMap,
	setTimerInterval,
	time,
	update,
} from "azle";
import { type AccessRequest, createBlobStore, type HttpRequest as Request } from "canister-blobs/canister";
import { Bytes, HttpRequest, HttpResponse, notFound, type Page } from "./http.js";

/** A guestbook, with a blob store beside it for the guests' pictures. */

interface Entry {
	readonly guest: string;
	readonly name: string;
}

// The application uses memory ids 0 to 9.
const entries = new StableBTreeMap<number, Entry>(0);
const guests = new StableBTreeMap<string, number>(1);
const growth = new StableBTreeMap<string, number>(2);

/** A guest who has signed may write under `pictures/` and the own principal. All other permissions follow roles. */
function authorize({ caller, action, key }: AccessRequest): boolean | undefined {
	const [folder, guest] = key.split("/");
	if (folder !== "pictures" || action === "read") return undefined;
	if (guest === caller.toText()) return guests.containsKey(guest);
	return action === "write" ? false : undefined;
}

/** Guests have no role: without this function `inspect_message` would reject their uploads. */
const admit = (caller: Principal): boolean => guests.containsKey(caller.toText());

/** Uploads stop at this balance, so that guests can still sign. */
const CYCLES_FOR_SIGNING = 1e12;

/** Cycles a day for answers to players that seek within a film. */
const CYCLES_FOR_SEEKING = 1e11;

// The store's memory ids begin at 10. A canister has one init, so this class has it and calls the store's.
const Store = createBlobStore({
	memoryOffset: 10,
	ownLifecycle: true,
	authorize,
	admit,
	capacity: { minCycles: CYCLES_FOR_SIGNING },
	http: { prefix: "/files", exactRanges: { cyclesPerDay: CYCLES_FOR_SEEKING } },
});

/** Keys that only guests of the owner may write, by grants of the store. */
function albumOf(guest: Principal): string {
	if (!admit(guest)) throw new Error("sign first");
	return `albums/${guest.toText()}/`;
}

const TEXT = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };

const now = (): Date => new Date(Number(time() / 1_000_000n));

/** Label of the number of guests in the certified tree, beside the store's labels. */
const GUESTS = "guests";
const countOf = (count: number): Uint8Array => new Uint8Array(Uint32Array.of(count).buffer);

/** The guestbook's own updates. */
const METHODS = ["sign", "leave", "invite", "uninvite"];
const DAY_MS = 86_400_000;
const HOUR_SECONDS = 3_600;
const MAX_ARGUMENT_BYTES = 200;
const NEWEST = 100;

class Guestbook {
	@init([])
	init(): void {
		Store.init();
		showNewest();
		this.#everyHour();
	}

	@postUpgrade([])
	postUpgrade(): void {
		Store.postUpgrade();
		showNewest();
		this.#everyHour();
	}

	/** The store first, for its own methods. This is a filter only: each method checks the caller itself. */
	@inspectMessage({ manual: true })
	inspectMessage(): boolean {
		const accepts = Store.inspectMessage();
		if (accepts !== undefined) return accepts;
		return (
			METHODS.includes(msgMethodName()) &&
			!msgCaller().isAnonymous() &&
			msgArgData().length <= MAX_ARGUMENT_BYTES
		);
	}

	@update([IDL.Text], IDL.Nat32)
	sign(name: string): number {
		const guest = msgCaller();
		if (guest.isAnonymous()) throw new Error("sign in first");
		const count = Number(entries.len());
		entries.insert(count, { guest: guest.toText(), name });
		guests.insert(guest.toText(), count);
		Store.certify(GUESTS, { value: countOf(count + 1) });
		showNewest();
		return count + 1;
	}

	/** Removes a guest's right to add pictures, including staged pictures that are not visible yet. */
	@update([])
	leave(): void {
		const guest = msgCaller();
		guests.remove(guest.toText());
		Store.ruleChanged(guest);
	}

	/** The number of signatures with its proof: the certificate, and the hash tree with the number as its leaf. */
	@query([], IDL.Record({ count: IDL.Nat32, certificate: Bytes, witness: Bytes }))
	guests(): { count: number; certificate: Uint8Array; witness: Uint8Array } {
		const count = Number(entries.len());
		const proof = Store.prove([{ label: GUESTS, value: countOf(count) }]);
		if (proof === undefined) throw new Error("ask by a query: what an update answers is certified itself");
		return { count, ...proof };
	}

	/** Lets a friend without a signature add pictures to this guest's album: at most ten, public, until tomorrow. */
	@update([IDL.Principal], IDL.Text)
	invite(friend: Principal): string {
		const prefix = albumOf(msgCaller());
		const endsAt = new Date(now().getTime() + DAY_MS);
		const bounds = { publicOnly: true, blobs: 10, bytes: 20_000_000, endsAt };
		Store.grant(friend, { role: "writer", prefix, ...bounds });
		return prefix;
	}

	/** Revokes an invitation of this guest. */
	@update([IDL.Principal], IDL.Nat32)
	uninvite(friend: Principal): number {
		const prefix = albumOf(msgCaller());
		const given = Store.grantsOf(friend).filter((grant) => grant.prefix === prefix);
		for (const { id } of given) Store.revokeGrant(friend, id);
		return given.length;
	}

	@query([], IDL.Vec(IDL.Text))
	names(): string[] {
		return newest().map(({ name }) => name);
	}

	/** Number of entries per hour. */
	@query([], IDL.Vec(IDL.Tuple(IDL.Text, IDL.Nat32)))
	growth(): [string, number][] {
		return growth.items();
	}

	@query([HttpRequest], HttpResponse)
	http_request(request: Request): Page {
		return Store.httpRequest(request) ?? notFound();
	}

	@update([HttpRequest], HttpResponse)
	http_request_update(request: Request): Page {
		return Store.httpRequestUpdate(request) ?? notFound();
	}

	/** Timers end with an upgrade, so the store and this class start theirs again. */
	#everyHour(): void {
		setTimerInterval(HOUR_SECONDS, () => {
			growth.insert(now().toISOString(), Number(entries.len()));
		});
	}
}

/**
 * The certified page of the guestbook: updated by each signature and by each upgrade. Pictures are below `/files/`.
 * Every other path gets 404.
 */
function showNewest(): void {
	const lines = newest().map(({ name, guest }) => `${name} (${guest})\n`);
	Store.serve("/", { headers: TEXT, body: lines.join("") });
	Store.serve("/*", { status: 404, headers: TEXT, body: "Sign the guestbook at /.\n" });
}

/** Sorted by number: a map orders keys by their bytes, where 10 comes before 9. */
function newest(): Entry[] {
	const count = Number(entries.len());
	const page: Entry[] = [];
	for (let i = Math.max(0, count - NEWEST); i < count; i++) page.push(entries.get(i)!);
	return page;
}

export default [Guestbook, Store];
