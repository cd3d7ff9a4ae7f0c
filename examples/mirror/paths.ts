/** The mirror's own files: its index, and partial downloads. No key may have such a path. */
export const STATE_DIRECTORY = ".canister-blobs";

/** Maximum length of a name on common file systems, in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f<>:"|?*\\]|\p{Surrogate}/u;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/** The form in which a case-insensitive, normalising file system compares names. */
const fold = (path: string): string => path.normalize("NFC").toLowerCase().normalize("NFC");

/**
 * Why a path from a canister cannot be a file below a directory, on any of the usual systems: undefined if it can. A
 * store allows no `..`, but this program runs with more rights on this machine than whoever wrote the canister.
 */
export function pathRefusal(path: string): string | undefined {
	const segments = path.split("/");
	for (const segment of segments) {
		if (segment === "" || segment === "." || segment === "..") return "it would leave the directory";
		if (FORBIDDEN.test(segment)) return "it has a character that not every file system takes";
		if (/[. ]$/.test(segment)) return "a name ends with a dot or a space, which Windows drops";
		if (WINDOWS_DEVICE.test(segment)) return "a name means a device on Windows";
		if (Buffer.byteLength(segment) > MAX_NAME_BYTES) return `a name has over ${MAX_NAME_BYTES} bytes`;
	}
	if (fold(segments[0]!) === STATE_DIRECTORY) return "the mirror keeps its own files there";
	return undefined;
}

export interface Plan<T> {
	/** Target of each path. */
	readonly files: Map<string, T>;
	/** Impossible paths, with the reason. */
	readonly refused: Map<string, string>;
}

/** Finds the paths that can exist together in one directory, on all common systems. */
export function planPaths<T>(wanted: Iterable<readonly [path: string, what: T]>): Plan<T> {
	const files = new Map<string, T>();
	const refused = new Map<string, string>();
	const taken = new Map<string, string>();
	for (const [path, what] of wanted) {
		const rival = taken.get(fold(path));
		const refusal =
			pathRefusal(path) ?? (rival && `it differs from ${JSON.stringify(rival)} only by case or accents`);
		if (refusal) {
			refused.set(path, refusal);
		} else {
			files.set(path, what);
			taken.set(fold(path), path);
		}
	}
	for (const path of files.keys()) {
		const rival = ancestors(path)
			.map((above) => taken.get(fold(above)))
			.find((above) => above !== undefined);
		if (rival === undefined) continue;
		files.delete(path);
		refused.set(path, `${JSON.stringify(rival)} is a file, and cannot be a directory as well`);
	}
	return { files, refused };
}

/** `a/b/c` to `a` and `a/b`. */
function ancestors(path: string): string[] {
	const segments = path.split("/");
	return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
}
