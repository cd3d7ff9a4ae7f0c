import type { IncomingHttpHeaders } from "node:http";
import { readDocument, sectionOf, tableIn } from "../docs/document.js";

/** Tables of documents that say what is answered to which request: a method, headers, and a cell for each blob. */

export interface Validators {
	/** Quotation marks included. */
	readonly tag: string;
	/** What Last-Modified says. */
	readonly date: Date;
}

/** Rows under a heading: method and headers as they are written, then the cells. */
export const rowsOf = (document: string, heading: string): string[][] =>
	tableIn(sectionOf(readDocument(document), heading));

/** The headers of a row, with what they name of the blob put in. */
export function headersOf(text: string, { tag, date }: Validators): Record<string, string> {
	const http = (ms: number) => new Date(ms).toUTCString();
	const filled = text
		.replaceAll("{tag}", tag)
		.replaceAll("{date}", http(date.getTime()))
		.replaceAll("{before}", http(date.getTime() - 60_000))
		.replaceAll("{after}", http(date.getTime() + 60_000));
	return Object.fromEntries(
		[...filled.matchAll(/`([\w-]+): ([^`]*)`/g)].map(([, name, value]) => [name!, value!]),
	);
}

/** What a cell says of an answer. */
export function cellOf(status: number, headers: IncomingHttpHeaders): string {
	const range = headers["content-range"];
	if (headers["content-type"]?.startsWith("multipart/")) return `${status} multipart`;
	return range === undefined ? String(status) : `${status} \`${range.replace("bytes ", "")}\``;
}

/** Asks what each row says of each blob. @returns the rows, as they are answered */
export async function answered(
	rows: readonly string[][],
	ask: (method: string, headers: string, blob: number) => Promise<string>,
): Promise<string[][]> {
	const all: string[][] = [];
	for (const [method = "", headers = "", ...cells] of rows) {
		const found: string[] = [];
		for (const blob of cells.keys()) found.push(await ask(method.slice(1, -1), headers, blob));
		all.push([method, headers, ...found]);
	}
	return all;
}

/** Rows as the document has them, to be compared, and to be put in where they are right. */
export const written = (rows: readonly string[][]): string[] => rows.map((row) => `| ${row.join(" | ")} |`);
