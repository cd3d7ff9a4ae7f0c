import { IDL, msgArgData, msgReply, StableBTreeMap, update } from "azle";
import { createBlobStore } from "canister-blobs/canister";

/** A store with a way past its methods into its stable maps, to be filled with more than calls could in minutes. */

const asTheyAre = { toBytes: (bytes: Uint8Array) => bytes, fromBytes: (bytes: Uint8Array) => bytes };
const maps = new Map<number, StableBTreeMap<Uint8Array, Uint8Array>>();

function mapOf(id: number): StableBTreeMap<Uint8Array, Uint8Array> {
	let map = maps.get(id);
	if (map === undefined) {
		map = new StableBTreeMap(id, asTheyAre, asTheyAre);
		maps.set(id, map);
	}
	return map;
}

class Filler {
	/** Any number of: u8 map, u32 length of the key, key, u32 length of the value, value. */
	@update([IDL.Vec(IDL.Nat8)], IDL.Null, { manual: true })
	fill(): void {
		const message = msgArgData();
		const view = new DataView(message.buffer, message.byteOffset, message.length);
		for (let at = 0; at < message.length; ) {
			const map = mapOf(message[at]!);
			const key = message.subarray(at + 5, at + 5 + view.getUint32(at + 1));
			at += 5 + key.length;
			const value = message.subarray(at + 4, at + 4 + view.getUint32(at));
			at += 4 + value.length;
			map.insert(key, value);
		}
		msgReply(new Uint8Array(0));
	}

	/** u8 map, u32 from, u32 to, u8 length of the prefix, prefix, value: under prefix and nine digits, the value. */
	@update([IDL.Vec(IDL.Nat8)], IDL.Null, { manual: true })
	repeat(): void {
		const message = msgArgData();
		const view = new DataView(message.buffer, message.byteOffset, message.length);
		const prefix = message[9]!;
		const key = new Uint8Array(prefix + 9);
		key.set(message.subarray(10, 10 + prefix));
		const value = message.subarray(10 + prefix);
		const map = mapOf(message[0]!);
		for (let i = view.getUint32(1); i < view.getUint32(5); i++) {
			let left = i;
			for (let at = key.length - 1; at >= prefix; at--) {
				key[at] = 48 + (left % 10);
				left = Math.floor(left / 10);
			}
			map.insert(key, value);
		}
		msgReply(new Uint8Array(0));
	}
}

export default [createBlobStore(), Filler];
