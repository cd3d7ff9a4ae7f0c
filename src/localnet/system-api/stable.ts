/** Canister interface, "Stable memory", in its 64-bit form and the deprecated 32-bit one. */
import { wasmTrap } from "../execution/rejects.js";
import { DIRTY_PAGE_INSTRUCTIONS } from "../limits.js";
import type { Host, SystemCalls } from "./host.js";

const FOUR_GIB_PAGES = 65_536;

export function stableCalls(host: Host): SystemCalls {
	const stable = () => host.canister.stable;
	const small = () => {
		if (stable().pages > FOUR_GIB_PAGES) {
			throw wasmTrap("32 bit stable memory api used on a memory larger than 4GB");
		}
		return stable();
	};
	const write = (call: string, offset: number, src: number, size: number) => {
		if (!stable().has(offset, size)) throw wasmTrap("stable memory out of bounds");
		const dirtied = stable().write(offset, host.heap(call, src, size), src, size);
		if (dirtied > 0) host.charge(dirtied * Number(DIRTY_PAGE_INSTRUCTIONS));
	};
	const read = (call: string, dst: number, offset: number, size: number) => {
		if (!stable().has(offset, size)) throw wasmTrap("stable memory out of bounds");
		stable().read(host.heapToWrite(call, dst, size), dst, offset, size);
	};
	return {
		stable64_size: () => BigInt(stable().pages),
		stable64_grow: (pages: bigint) => stable().grow(pages),
		stable64_write: (offset: number, src: number, size: number) => write("stable64_write", offset, src, size),
		stable64_read: (dst: number, offset: number, size: number) => read("stable64_read", dst, offset, size),
		stable_size: () => small().pages,
		stable_grow(pages: number) {
			if (small().pages + pages > FOUR_GIB_PAGES) return -1;
			return Number(stable().grow(BigInt(pages)));
		},
		stable_write(offset: number, src: number, size: number) {
			small();
			write("stable_write", offset, src, size);
		},
		stable_read(dst: number, offset: number, size: number) {
			small();
			read("stable_read", dst, offset, size);
		},
	};
}
