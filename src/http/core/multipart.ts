import { hex } from "../../client/util/bytes.js";
import type { Span } from "../../protocol/ranges.js";
import type { Segment } from "./reader.js";

/** A body of several parts: RFC 9110, section 14.6. */
export interface Multipart {
	readonly contentType: string;
	readonly segments: readonly Segment[];
	/** Total size in bytes. */
	readonly length: number;
}

const BOUNDARY_BYTES = 18;

export const contentRange = ({ start, end }: Span, size: number): string =>
	`bytes ${start}-${end - 1}/${size}`;

export function multipart(spans: readonly Span[], size: number, contentType: string): Multipart {
	const boundary = hex(crypto.getRandomValues(new Uint8Array(BOUNDARY_BYTES)));
	const segments: Segment[] = [];
	let length = 0;
	const text = (value: string) => {
		const bytes = new TextEncoder().encode(value);
		segments.push(bytes);
		length += bytes.length;
	};
	spans.forEach((span, i) => {
		const range = contentRange(span, size);
		text(
			`${i === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${range}\r\n\r\n`,
		);
		segments.push(span);
		length += span.end - span.start;
	});
	text(`\r\n--${boundary}--\r\n`);
	return { contentType: `multipart/byteranges; boundary=${boundary}`, segments, length };
}
