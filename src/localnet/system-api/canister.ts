/**
 * Canister interface, "Self-identification", "Canister status", "Canister version", "System time",
 * "Global timer", "Performance counter", "Replicated execution check", "Controller check", "Certified data",
 * "Environment variables" and "Debugging aids".
 */
import { utf8 } from "../encoding/bytes.js";
import { contractViolation, ExecutionError, explicitTrap } from "../execution/rejects.js";
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
		/** Requires metering; returns 0 without. */
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
		...environmentVariables(host),
		debug_print(src: number, size: number) {
			const length = (host.memory?.buffer.byteLength ?? 0) - host.heapAt;
			const readable = src + size <= length;
			const text = readable
				? host.bytes("debug_print", src, size).toString("utf8")
				: "(debug_print out of bounds)";
			const { replicated, input } = host.message;
			if (replicated) host.canister.print(text, input.time);
			host.environment.log(host.canister, text);
		},
		trap(src: number, size: number) {
			const text = host.bytes("trap", src, size).toString("utf8");
			throw explicitTrap(text.replaceAll("\ufffd", ""));
		},
	};
}

function environmentVariables(host: Host): SystemCalls {
	const all = () => host.canister.environmentVariables;
	const nameAt = (call: string, index: number): Buffer => {
		const name = [...all().keys()][index];
		if (name === undefined)
			throw contractViolation(`ic0.${call}: index ${index} is out of bounds of ${all().size} variables`);
		return utf8(name);
	};
	const nameFrom = (call: string, src: number, size: number): string => {
		const most = SIZES.environmentVariableBytes;
		if (size > most) throw contractViolation(`ic0.${call}: a name of ${size} bytes is longer than ${most}`);
		try {
			return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(host.bytes(call, src, size));
		} catch (error) {
			if (error instanceof ExecutionError) throw error;
			throw contractViolation(`ic0.${call}: the name is not valid UTF-8`);
		}
	};
	const valueNamed = (call: string, src: number, size: number): Buffer => {
		const name = nameFrom(call, src, size);
		const value = all().get(name);
		if (value === undefined) throw contractViolation(`ic0.${call}: there is no variable ${name}`);
		return utf8(value);
	};
	return {
		env_var_count: () => all().size,
		env_var_name_size: (index: number) => nameAt("env_var_name_size", index).length,
		env_var_name_copy: (index: number, dst: number, offset: number, size: number) =>
			host.copyOut("env_var_name_copy", nameAt("env_var_name_copy", index), dst, offset, size),
		env_var_name_exists: (src: number, size: number) =>
			all().has(nameFrom("env_var_name_exists", src, size)) ? 1 : 0,
		env_var_value_size: (src: number, size: number) => valueNamed("env_var_value_size", src, size).length,
		env_var_value_copy: (src: number, length: number, dst: number, offset: number, size: number) =>
			host.copyOut("env_var_value_copy", valueNamed("env_var_value_copy", src, length), dst, offset, size),
	};
}
