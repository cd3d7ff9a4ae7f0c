import { IDL, init, postUpgrade, query, StableBTreeMap, update } from "azle";
import { createBlobStore } from "canister-blobs/canister";

/** The application keeps memory ids 0 to 9 for itself; the store's begin at 10. */
const Store = createBlobStore({ memoryOffset: 10, lifecycle: false });

class Guestbook {
	entries = new StableBTreeMap<number, string>(0);

	@init([])
	init(): void {
		Store.start();
	}

	@postUpgrade([])
	postUpgrade(): void {
		Store.start();
	}

	@update([IDL.Text], IDL.Nat32)
	sign(name: string): number {
		const count = this.entries.len();
		this.entries.insert(count, name);
		return count + 1;
	}

	@query([], IDL.Vec(IDL.Text))
	names(): string[] {
		return this.entries.values();
	}
}

export default [Guestbook, Store];
