/** Canister interface, "Cycles" and "Cycle cost calculation". */
import type { Host, SystemCalls } from "./host.js";
import { fitting } from "./messages.js";

export function cycleCalls(host: Host): SystemCalls {
	const fees = () => host.environment.fees;
	const accept = (most: bigint): bigint => {
		const { cyclesAvailable } = host.message;
		const amount = most < cyclesAvailable ? most : cyclesAvailable;
		host.message.cyclesAccepted += amount;
		return amount;
	};
	return {
		canister_cycle_balance: () => fitting(host.balance()),
		canister_cycle_balance128: (dst: number) =>
			host.writeCycles("canister_cycle_balance128", dst, host.balance()),
		canister_liquid_cycle_balance128: (dst: number) =>
			host.writeCycles("canister_liquid_cycle_balance128", dst, host.balance()),
		msg_cycles_available: () => fitting(host.message.cyclesAvailable),
		msg_cycles_available128: (dst: number) =>
			host.writeCycles("msg_cycles_available128", dst, host.message.cyclesAvailable),
		msg_cycles_refunded: () => fitting(host.message.input.refunded ?? 0n),
		msg_cycles_refunded128: (dst: number) =>
			host.writeCycles("msg_cycles_refunded128", dst, host.message.input.refunded ?? 0n),
		msg_cycles_accept: (most: bigint) => accept(most),
		msg_cycles_accept128: (high: bigint, low: bigint, dst: number) =>
			host.writeCycles("msg_cycles_accept128", dst, accept((high << 64n) | low)),
		cycles_burn128(high: bigint, low: bigint, dst: number) {
			const most = (high << 64n) | low;
			const balance = host.balance();
			const burnt = most < balance ? most : balance;
			host.message.cyclesSpent += burnt;
			host.writeCycles("cycles_burn128", dst, burnt);
		},
		cost_call: (methodBytes: bigint, argBytes: bigint, dst: number) =>
			host.writeCycles("cost_call", dst, fees().call(Number(methodBytes), Number(argBytes))),
		cost_create_canister: (dst: number) =>
			host.writeCycles("cost_create_canister", dst, fees().createCanister),
	};
}
