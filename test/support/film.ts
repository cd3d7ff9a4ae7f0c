import type { Page } from "playwright-core";
import { webm } from "./webm.js";

/** A film whose pictures say which second it is, made and looked at in a page. */

export interface FilmOptions {
	/** At most 32. */
	readonly seconds: number;
	readonly width: number;
	/** Bytes between two pictures. */
	readonly padding: number;
}

export async function filmOf(page: Page, { seconds, width, padding }: FilmOptions): Promise<Buffer> {
	const frames = await page.evaluate(pictures, [seconds, width] as const);
	return webm(
		frames.map((frame) => Buffer.from(frame, "base64")),
		{ width, height: width, padding },
	);
}

/** In the page: a picture for each second of a film, with its number as stripes, black for 0 and white for 1. */
async function pictures([count, width]: readonly [number, number]): Promise<string[]> {
	const found: string[] = [];
	const encoder = new VideoEncoder({
		output: (chunk) => {
			const bytes = new Uint8Array(chunk.byteLength);
			chunk.copyTo(bytes);
			found.push(btoa(String.fromCharCode(...bytes)));
		},
		error: (error) => {
			throw error;
		},
	});
	encoder.configure({ codec: "vp8", width, height: width, bitrate: 500_000, framerate: 1 });
	const canvas = new OffscreenCanvas(width, width);
	const context = canvas.getContext("2d")!;
	for (let i = 0; i < count; i++) {
		for (let bit = 0; bit < 5; bit++) {
			context.fillStyle = (i >> bit) & 1 ? "white" : "black";
			context.fillRect(bit * 12, 0, 12, width);
		}
		const frame = new VideoFrame(canvas, { timestamp: i * 1_000_000 });
		encoder.encode(frame, { keyFrame: true });
		frame.close();
	}
	await encoder.flush();
	return found;
}

/** Puts a video into the page. @returns its length in seconds */
export const showFilm = (page: Page, url: string): Promise<number> =>
	page.evaluate(
		(source) =>
			new Promise<number>((resolve, reject) => {
				const video = document.createElement("video");
				video.muted = true;
				video.preload = "metadata";
				video.onloadeddata = () => resolve(video.duration);
				video.onerror = () => reject(new Error(video.error?.message));
				video.src = source;
				document.body.append(video);
			}),
		url,
	);

/** Seeks in the video that the page shows. @returns where it came to, and which second the picture says */
export const seekFilm = (page: Page, place: number): Promise<[at: number, second: number]> =>
	page.evaluate(async (to) => {
		const video = document.querySelector("video")!;
		const sought = new Promise<void>((resolve, reject) => {
			video.addEventListener("seeked", () => resolve(), { once: true });
			video.addEventListener("error", () => reject(new Error(video.error?.message)), { once: true });
		});
		// The picture may come after the event.
		const painted = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
		video.currentTime = to;
		await Promise.all([sought, painted]);
		const context = document.createElement("canvas").getContext("2d")!;
		context.drawImage(video, 0, 0);
		let second = 0;
		for (let bit = 0; bit < 5; bit++)
			if (context.getImageData(bit * 12 + 6, 30, 1, 1).data[0]! > 127) second += 1 << bit;
		return [video.currentTime, second] as [number, number];
	}, place);
