/**
 * How a blob is handed out. The worker answers on the application's own origin, where everything that runs may read the
 * user's identity: so bytes that others uploaded are data for a page, and never a page, a script or a style.
 */
export type Treatment =
	/** Pictures, sound, film, fonts, captions, and what scripts fetch. */
	| "data"
	/** A link that was followed: the browser saves it, and shows nothing of it. */
	| "attachment"
	| "refused";

const DATA: ReadonlySet<string> = new Set(["", "image", "audio", "video", "track", "font"]);

/** By the destination (of Sec-Fetch-Dest) that no page can choose freely. What is not known is refused. */
export function treatmentOf({ destination, mode }: Pick<Request, "destination" | "mode">): Treatment {
	if (mode === "navigate") return destination === "document" || destination === "" ? "attachment" : "refused";
	return DATA.has(destination) ? "data" : "refused";
}
