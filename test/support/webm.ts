/** A WebM file of pictures that were encoded elsewhere, with as much of nothing between them as a test wants. */

/** An element of EBML: its id, its size in eight bytes, and what is in it. */
function element(id: number, ...parts: readonly Uint8Array[]): Buffer {
	const body = Buffer.concat(parts);
	const digits = id.toString(16);
	const size = Buffer.alloc(8);
	size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n));
	return Buffer.concat([Buffer.from(digits, "hex"), size, body]);
}

function whole(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64BE(BigInt(value));
	return bytes;
}

function float(value: number): Buffer {
	const bytes = Buffer.alloc(8);
	bytes.writeDoubleBE(value);
	return bytes;
}

const EBML = element(
	0x1a45dfa3,
	element(0x4286, whole(1)),
	element(0x42f7, whole(1)),
	element(0x42f2, whole(4)),
	element(0x42f3, whole(8)),
	element(0x4282, Buffer.from("webm")),
	element(0x4287, whole(2)),
	element(0x4285, whole(2)),
);
const SECOND = 1_000;

/**
 * A film of one picture a second, each a key frame in VP8, with an index before them, so that a player seeks by asking
 * for bytes.
 * @param padding bytes between two pictures
 */
export function webm(
	frames: readonly Uint8Array[],
	{ width, height, padding }: { width: number; height: number; padding: number },
): Buffer {
	const info = element(
		0x1549a966,
		element(0x2ad7b1, whole(1_000_000)),
		element(0x4489, float(frames.length * SECOND)),
		element(0x4d80, Buffer.from("test")),
		element(0x5741, Buffer.from("test")),
	);
	const video = element(0xe0, element(0xb0, whole(width)), element(0xba, whole(height)));
	const track = [element(0xd7, whole(1)), element(0x73c5, whole(1)), element(0x83, whole(1))];
	const tracks = element(0x1654ae6b, element(0xae, ...track, element(0x86, Buffer.from("V_VP8")), video));
	const clusters = frames.map((frame, i) =>
		Buffer.concat([
			element(
				0x1f43b675,
				element(0xe7, whole(i * SECOND)),
				// Track 1, at the cluster's own time, a key frame.
				element(0xa3, Buffer.of(0x81, 0, 0, 0x80), frame),
			),
			element(0xec, Buffer.alloc(padding, i + 1)),
		]),
	);
	const cues = (from: number): Buffer => {
		let at = from;
		return element(
			0x1c53bb6b,
			...clusters.map((cluster, i) => {
				const place = element(0xb7, element(0xf7, whole(1)), element(0xf1, whole(at)));
				at += cluster.length;
				return element(0xbb, element(0xb3, whole(i * SECOND)), place);
			}),
		);
	};
	const before = info.length + tracks.length;
	return Buffer.concat([EBML, element(0x18538067, info, tracks, cues(before + cues(0).length), ...clusters)]);
}
