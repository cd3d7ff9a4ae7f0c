/** What is wrong with a path as an application writes it, and would otherwise name no URL that it means. */
export function misreadOf(path: string): string | undefined {
	if (/[?#]/.test(path)) return "a path ends before `?` and `#`";
	if (/%[0-9a-f]{2}/i.test(path)) return "a path is not escaped: `/a b`, not `/a%20b`";
	return undefined;
}
