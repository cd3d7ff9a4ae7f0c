/**
 * How a blob is delivered. The worker answers on the application's own origin, where every script can read the user's
 * identity. So uploaded bytes are data for a page, and never a page, a script or a style.
 */
export type Treatment =
	/** Images, audio, video, fonts, captions, and fetches of scripts. */
	| "data"
	/** A followed link: the browser saves the blob and shows nothing of it. */
	| "attachment"
	| "refused";

const DATA: ReadonlySet<string> = new Set(["", "image", "audio", "video", "track", "font"]);

/** Decides by the destination (Sec-Fetch-Dest), which a page cannot choose freely. Refuses unknown ones. */
export function treatmentOf({ destination, mode }: Pick<Request, "destination" | "mode">): Treatment {
	if (mode === "navigate") return destination === "document" || destination === "" ? "attachment" : "refused";
	return DATA.has(destination) ? "data" : "refused";
}
