/**
 * What each instruction counts on the Internet Computer, for a 32-bit heap: the figures of the replica's
 * rs/embedders/src/wasm_utils/instrumentation.rs (`instruction_to_cost`). Whatever is not listed counts 1.
 * What a system call costs besides is the host's to subtract.
 */

const LISTED: readonly (readonly [number, RegExp])[] = [
	[0, /^(block|loop|else|end)$/],
	[2, /^(if|br|br_if|br_table|global\.(get|set))$/],
	[10, /^i(32|64)\.(div|rem)_[su]$/],
	[2, /^f(32|64)\.(add|sub|mul|ceil|floor|trunc|nearest)$/],
	[3, /^f(32|64)\.(eq|ne|lt|gt|le|ge)$/],
	[3, /^(f32\.div|f64\.copysign)$/],
	[5, /^(f64\.div|f32\.sqrt)$/],
	[18, /^f(32|64)\.(min|max)$/],
	[2, /^f32\.copysign$/],
	[8, /^f64\.sqrt$/],
	[3, /^f(32|64)\.convert_i(32|64)_s$/],
	[16, /^f(32|64)\.convert_i(32|64)_u$/],
	[20, /^i(32|64)\.trunc_(sat_)?f(32|64)_[su]$/],
	[5, /^(call|table\.get|table\.set|ref\.is_null)$/],
	[10, /^call_indirect$/],
	[3, /^return_call$/],
	[60, /^return_call_indirect$/],
	[130, /^ref\.func$/],
	[300, /^(memory\.grow|table\.grow|data\.drop|elem\.drop)$/],
	[20, /^memory\.size$/],
	[100, /^(table\.size|(memory|table)\.(fill|copy|init))$/],
	[3, /^(i8x16\.(shuffle|popcnt|shl|shr_s)|i64x2\.shr_s|i32x4\.extadd_pairwise_i16x8_u)$/],
	[2, /^i(8x16|16x8|32x4)\.(lt|gt)_u$/],
	[2, /^(i8x16\.shr_u|i(16x8|32x4)\.(shl|shr_s|shr_u)|i64x2\.(shl|shr_u)|i32x4\.mul)$/],
	[2, /^(i16x8\.extadd_pairwise_i8x16_u|i16x8\.extmul_high_i8x16_[su]|i32x4\.extmul_.*)$/],
	[4, /^i64x2\.mul$/],
	[2, /^f(32x4|64x2)\.(ceil|floor|trunc|nearest|abs|neg|add|sub|mul)$/],
	[5, /^(f32x4\.sqrt|f64x2\.max)$/],
	[14, /^f64x2\.sqrt$/],
	[10, /^f32x4\.div$/],
	[12, /^f64x2\.div$/],
	[4, /^(f32x4\.(min|max)|f64x2\.min|i32x4\.trunc_sat_f32x4_u|f32x4\.convert_i32x4_u)$/],
	[2, /^(i32x4\.trunc_sat_f32x4_s|i32x4\.trunc_sat_f64x2_s_zero)$/],
	[3, /^i32x4\.trunc_sat_f64x2_u_zero$/],
];

/** Each function counts 1 for being entered, even an empty one. */
export const FUNCTION_ENTRY_WEIGHT = 1;

export function weightOf(name: string): number {
	return LISTED.find(([, pattern]) => pattern.test(name))?.[0] ?? 1;
}
