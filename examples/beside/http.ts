import { IDL } from "azle";

/** The HTTP interface of a canister, as far as pages and blobs need it (HTTP Gateway Protocol Specification). */

const Header = IDL.Tuple(IDL.Text, IDL.Text);
export const Bytes = IDL.Vec(IDL.Nat8);

export const HttpRequest = IDL.Record({
	url: IDL.Text,
	method: IDL.Text,
	body: Bytes,
	headers: IDL.Vec(Header),
});

export const HttpResponse = IDL.Record({
	status_code: IDL.Nat16,
	headers: IDL.Vec(Header),
	body: Bytes,
	upgrade: IDL.Opt(IDL.Bool),
});

export interface Page {
	status_code: number;
	headers: [string, string][];
	body: Uint8Array;
	/** True: the gateway must repeat the request as an update. */
	upgrade: [] | [boolean];
}

/** Uncertified 404 for any other path. Gateways show it only under the canister's raw name. */
export const notFound = (): Page => ({
	status_code: 404,
	headers: [["content-type", "text/plain; charset=utf-8"]],
	body: new TextEncoder().encode("There is nothing here.\n"),
	upgrade: [],
});
