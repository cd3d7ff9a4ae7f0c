/**
 * Canister interface, "Self-identification", "Canister status", "Canister version", "System time",
 * "Global timer", "Performance counter", "Replicated execution check", "Controller check", "Certified data",
 * "Environment variables" and "Debugging aids".
 */
import { contractViolation, explicitTrap } from "../execution/rejects.js";
import { SIZES } from "../limits.js";
import type { Host, SystemCalls } from "./host.js";

const STATUS = { running: 1, stopping: 2, stopped: 3 } as const;

export function canisterCalls(host: Host): SystemCalls {
	const certificate = (): Uint8Array => {
		const make = host.message.input.dataCertificate;
		if (!make) throw contractViolation("ic0.data_certificate_size: there is no data certificate");
		return make();
	};
	return {
		...host.blob("canister_self", () => host.canister.id),
		...host.blob("subnet_self", () => host.environment.subnetId),
		...host.blob("root_key", () => host.environment.rootKey),
		canister_status: () => STATUS[host.canister.status],
		canister_version: () => host.canister.version,
		time: () => host.message.input.time,
		global_timer_set(time: bigint) {
			const before = host.message.globalTimer ?? host.canister.globalTimer;
			host.message.globalTimer = time;
			return before;
		},
		/** Counts only with metering on; 0 without. */
		performance_counter(type: number) {
			if (type === 0) return host.executed();
			if (type === 1) return (host.message.input.context?.instructions ?? 0n) + host.executed();
			throw contractViolation(`Error getting performance counter type ${type}`);
		},
		in_replicated_execution: () => (host.message.replicated ? 1 : 0),
		is_controller(src: number, size: number) {
			const principal = host.bytes("is_controller", src, size);
			if (size > 29) throw contractViolation("ic0.is_controller: not a principal");
			return host.canister.isController(principal) ? 1 : 0;
		},
		certified_data_set(src: number, size: number) {
			if (size > SIZES.certifiedDataBytes) {
				throw contractViolation(
					`ic0_certified_data_set failed because the passed data must be no larger than 32 bytes. Found ${size} bytes`,
					[
						"Try certifying just the hash of your data instead of the full contents.",
						"certified_data_set-payload-too-large",
					],
				);
			}
			host.message.certifiedData = Uint8Array.from(host.bytes("certified_data_set", src, size));
		},
		data_certificate_present: () => (host.message.input.dataCertificate ? 1 : 0),
		...host.blob("data_certificate", certificate),
		env_var_count: () => 0,
		env_var_name_exists: () => 0,
		debug_print(src: number, size: number) {
			const length = (host.memory?.buffer.byteLength ?? 0) - host.heapAt;
			const readable = src + size <= length;
			const text = readable
				? host.bytes("debug_print", src, size).toString("utf8")
				: "(debug_print out of bounds)";
			host.environment.log(host.canister, text);
		},
		trap(src: number, size: number) {
			const text = host.bytes("trap", src, size).toString("utf8");
			throw explicitTrap(text.replaceAll("\ufffd", ""));
		},
	};
}
