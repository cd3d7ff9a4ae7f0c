import { extname } from "node:path";
import mime from "mime";

/** The media type of a name's ending. */
export const mediaTypeOfName = (name: string): string | undefined =>
	// By the ending alone: a bare name would count as one.
	mime.getType(extname(name)) ?? undefined;
