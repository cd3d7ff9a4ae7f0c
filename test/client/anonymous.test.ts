import { HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { expect, test } from "vitest";
import { BlobClient, Transfer } from "../../src/client/index.js";
import { failure } from "./support/transfers.js";

/** Without an identity a change is refused before any request. */

const WHO = "w7x7r-cok77-xa";
const ID = "00".repeat(16);

test.each<[string, (client: BlobClient) => unknown]>([
	["upload", (client) => client.upload(new Uint8Array(1), { key: "a" })],
	["delete", (client) => client.delete("a")],
	["deleteMany", (client) => client.deleteMany(["a"])],
	["copy", (client) => client.copy("a", "b")],
	["rename", (client) => client.rename("a", "b")],
	["update", (client) => client.update("a", { visibility: "public" })],
	["grantRole", (client) => client.admin.grantRole(WHO, "reader")],
	["revokeRole", (client) => client.admin.revokeRole(WHO, "reader")],
	["setQuota", (client) => client.admin.setQuota(WHO, undefined)],
	["grant", (client) => client.admin.grant(WHO, { role: "reader", prefix: "a/" })],
	["revokeGrant", (client) => client.admin.revokeGrant({ who: Principal.fromText(WHO), id: ID })],
])("%s", async (_, change) => {
	let requests = 0;
	const agent = HttpAgent.createSync({
		host: "http://127.0.0.1:4943",
		fetch: async () => {
			requests++;
			return new Response(null, { status: 503 });
		},
	});
	const client = new BlobClient({ agent, canisterId: WHO });
	const made = change(client);
	const done = made instanceof Transfer ? made.done : Promise.resolve(made);
	const error = await failure(done);
	expect(error).toMatchObject({ code: "anonymous", place: { canister: WHO, caller: "2vxsx-fae" } });
	expect((error as Error).message).toContain(WHO);
	expect(requests).toBe(0);
});
