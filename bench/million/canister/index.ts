import { IDL, msgArgData, msgReply, update } from "azle";
import { createBlobStore } from "canister-blobs/canister";

/** A store with direct access to its stable maps, to fill it faster than calls could. */

/** Bypasses the map class of Azle, which traps for memory ids in the range of a store. */
declare const _azleIc: {
	stableBTreeMapInsert(memoryId: number, key: Uint8Array, value: Uint8Array): unknown;
};
const insert = (id: number, key: Uint8Array, value: Uint8Array) =>
	_azleIc.stableBTreeMapInsert(id, key, value);

class Filler {
	/** Any number of: u8 map, u32 length of the key, key, u32 length of the value, value. */
	@update([IDL.Vec(IDL.Nat8)], IDL.Null, { manual: true })
	fill(): void {
		const message = msgArgData();
		const view = new DataView(message.buffer, message.byteOffset, message.length);
		for (let at = 0; at < message.length; ) {
			const map = message[at]!;
			const key = message.subarray(at + 5, at + 5 + view.getUint32(at + 1));
			at += 5 + key.length;
			const value = message.subarray(at + 4, at + 4 + view.getUint32(at));
			at += 4 + value.length;
			insert(map, key, value);
		}
		msgReply(new Uint8Array(0));
	}

	/**
	 * u8 map, u32 from, u32 to, u8 length of the prefix, prefix, value: writes the value under the prefix and nine
	 * digits, for each number.
	 */
	@update([IDL.Vec(IDL.Nat8)], IDL.Null, { manual: true })
	repeat(): void {
		const message = msgArgData();
		const view = new DataView(message.buffer, message.byteOffset, message.length);
		const prefix = message[9]!;
		const key = new Uint8Array(prefix + 9);
		key.set(message.subarray(10, 10 + prefix));
		const value = message.subarray(10 + prefix);
		const map = message[0]!;
		for (let i = view.getUint32(1); i < view.getUint32(5); i++) {
			let left = i;
			for (let at = key.length - 1; at >= prefix; at--) {
				key[at] = 48 + (left % 10);
				left = Math.floor(left / 10);
			}
			insert(map, key, value);
		}
		msgReply(new Uint8Array(0));
	}
}

export default [createBlobStore({ memoryOffset: 0 }), Filler];
