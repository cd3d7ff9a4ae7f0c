// node scripts/candid.mjs [FOLDER]: writes the store's interface, store.did, and what is made from it for TypeScript,
// store.did.d.ts and store.did.js, into candid/ or the folder named. The types are those of src/protocol as it was
// built, the comments those of its sources and of its table of errors; `azle generate`, which is the Candid
// compiler's own parser, reads the one and makes the others.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IDL } from "@dfinity/candid";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = process.argv[2] ?? join(root, "candid");
const wire = join(root, "src/protocol/wire");
const { ERROR_TABLE, HTTP_METHODS, METHODS, sentences, WireErrorType } = await import(
	"../dist/protocol/index.js"
);
const { idlTypes } = await import("../dist/protocol/idl.js");
const typeOf = idlTypes(IDL);

/** Types by their exported name in src/protocol. */
const names = new Map([[typeOf(WireErrorType), "Error"]]);
/** Types that are sent as bytes: no method names them. */
const within = ["Manifest", "Change"];
/** The comment on a method, on an interface (`WireX` is the type X), and on its fields (`WireX.field`). */
const comments = new Map();
const bases = new Map();
/** The fields of an interface in the order of its source, while the library orders them by hash. */
const orders = new Map([["WireError", Object.keys(ERROR_TABLE)]]);
for (const file of readdirSync(wire)) {
	const module = await import(`../dist/protocol/wire/${file.replace(/\.ts$/, ".js")}`);
	for (const [name, type] of Object.entries(module))
		if (type?.opcode !== undefined) names.set(typeOf(type), name);
	const source = ts.createSourceFile(
		file,
		readFileSync(join(wire, file), "utf8"),
		ts.ScriptTarget.Latest,
		true,
	);
	ts.forEachChild(source, (node) => collect(node, source));
}
for (const [code, { action, message }] of Object.entries(ERROR_TABLE)) {
	// The sentence, with the names of its parameters instead of values.
	const sentence = sentences(message(new Proxy({}, { get: (_, name) => `<${name}>` })));
	comments.set(`WireError.${code}`, `${sentence} (${action})`);
}

function collect(node, source) {
	if (ts.isInterfaceDeclaration(node)) {
		const name = node.name.text;
		const [base] = node.heritageClauses?.[0]?.types ?? [];
		if (base) bases.set(name, base.expression.getText(source));
		comment(name, node, source);
		orders.set(
			name,
			node.members.map((member) => member.name.text),
		);
		for (const member of node.members) comment(`${name}.${member.name.text}`, member, source);
	} else if (ts.isTypeAliasDeclaration(node)) comment(node.name.text, node, source);
	else if (ts.isVariableStatement(node)) {
		for (const { name, initializer } of node.declarationList.declarations)
			if (["COMMON_METHODS", "OWNER_METHODS", "HTTP_METHODS"].includes(name.text))
				for (const property of initializer.expression.properties)
					comment(property.name.text, property, source);
	}
}

/** Keeps the comment directly above the node. A comment further above is about the file. */
function comment(name, node, source) {
	const last = ts.getLeadingCommentRanges(source.text, node.getFullStart())?.at(-1);
	if (last === undefined || source.text.slice(last.end, node.getStart()).split("\n").length !== 2) return;
	const text = source.text.slice(last.pos, last.end);
	if (text.startsWith("/**"))
		comments.set(
			name,
			text
				.slice(3, -2)
				.replace(/\n\s*\*/g, " ")
				.replace(/\s+/g, " ")
				.trim(),
		);
}

const commentOn = (type, field) =>
	comments.get(`${type}.${field}`) ?? (bases.has(type) ? commentOn(bases.get(type), field) : undefined);

function ordered(type, fields) {
	const order = (name) =>
		name === undefined ? [] : [...(orders.get(name) ?? []), ...order(bases.get(name))];
	const places = order(type);
	return [...fields].sort(([a], [b]) => places.indexOf(a) - places.indexOf(b));
}

/** Names that are keywords in Candid are quoted. */
const KEYWORDS = new Set([
	"blob",
	"principal",
	"text",
	"opt",
	"vec",
	"record",
	"variant",
	"service",
	"func",
	"query",
]);
const nameOf = (field) => (KEYWORDS.has(field) ? `"${field}"` : field);

const lines = (text, indent) =>
	text === undefined
		? ""
		: wrap(text, 100)
				.map((line) => `${indent}// ${line}\n`)
				.join("");

function wrap(text, width) {
	const wrapped = [""];
	for (const word of text.split(" ")) {
		const last = wrapped.at(-1);
		if (last !== "" && last.length + word.length >= width) wrapped.push(word);
		else wrapped[wrapped.length - 1] = last === "" ? word : `${last} ${word}`;
	}
	return wrapped;
}

class Printer extends IDL.Visitor {
	visitPrimitive = (type) => type.name;
	visitPrincipal = () => "principal";
	visitVec = (_, of) => (of instanceof IDL.FixedNatClass && of._bits === 8 ? "blob" : `vec ${print(of)}`);
	visitOpt = (_, of) => `opt ${print(of)}`;
	visitTuple = (_, parts) => `record { ${parts.map(print).join("; ")} }`;
	visitRecord = (_, fields) =>
		this.#fields("record", fields, ([name, of]) => `${nameOf(name)} : ${print(of)}`);
	visitVariant = (_, cases) =>
		this.#fields("variant", cases, ([name, of]) =>
			of === IDL.Null ? nameOf(name) : `${nameOf(name)} : ${print(of)}`,
		);
	/** A type in one line, for use inside another; a definition has one field a line. */
	#fields = (kind, fields, one) =>
		fields.length === 0 ? `${kind} {}` : `${kind} { ${fields.map(one).join("; ")} }`;
}
const printer = new Printer();
const used = new Set();

/** A type at its use: its name, if it has one. */
function print(type) {
	const name = names.get(type);
	if (name === undefined) return type.accept(printer, null);
	used.add(type);
	return name;
}

function define(type) {
	const name = names.get(type);
	const wireName = `Wire${name}`;
	const head = `${lines(comments.get(wireName), "")}type ${name} = `;
	const isVariant = type instanceof IDL.VariantClass;
	if (!isVariant && !(type instanceof IDL.RecordClass && !(type instanceof IDL.TupleClass)))
		return `${head}${type.accept(printer, null)};\n`;
	const fields = ordered(wireName, type._fields).map(([field, of]) => {
		const isBare = isVariant && of === IDL.Null;
		return `${lines(commentOn(wireName, field), "  ")}  ${nameOf(field)}${isBare ? "" : ` : ${print(of)}`};\n`;
	});
	return `${head}${isVariant ? "variant" : "record"} {\n${fields.join("")}};\n`;
}

const methods = Object.entries({ ...METHODS, ...HTTP_METHODS }).map(([name, { kind, args, result }]) => {
	const signature = `(${args.map(typeOf).map(print).join(", ")}) -> (${print(typeOf(result))})${kind === "query" ? " query" : ""}`;
	return `${lines(comments.get(name), "  ")}  ${name} : ${signature};\n`;
});
for (const [type, name] of names) if (within.includes(name)) used.add(type);
const definitions = new Map();
for (let before = -1; before !== definitions.size; ) {
	before = definitions.size;
	for (const type of [...used]) if (!definitions.has(type)) definitions.set(type, define(type));
}
const sorted = [...definitions].sort(([a], [b]) => (names.get(a) < names.get(b) ? -1 : 1));

const ORIGIN =
	"The interface of a blob store. Made from src/protocol by scripts/candid.mjs: change it there.";
const did = `// ${ORIGIN}\n// What each method does, and what a client must verify, is in docs/PROTOCOL.md.\n
${sorted.map(([, text]) => text).join("\n")}
service : {
${methods.join("\n")}}
`;
mkdirSync(target, { recursive: true });
const didPath = join(target, "store.did");
writeFileSync(didPath, did);

// Azle makes one TypeScript module; packages usually have a declaration file and a JavaScript module.
const made = execFileSync("npx", ["azle", "generate", didPath], { cwd: root, encoding: "utf8" });
const cut = (text, at) => {
	const index = text.indexOf(at);
	if (index < 0) throw new Error(`azle generate wrote no "${at}"`);
	return [text.slice(0, index), text.slice(index)];
};
const [types] = cut(made, "export type idlFactory");
const [factory] = cut(cut(made, "export const idlFactory")[1], "export const init");
writeFileSync(
	join(target, "store.did.d.ts"),
	`// ${ORIGIN}\n${types.replace(/^import \{/gm, "import type {")}export declare const idlFactory: IDL.InterfaceFactory;\n`,
);
writeFileSync(
	join(target, "store.did.js"),
	`// ${ORIGIN}\n${factory.replace("idlFactory: idlFactory", "idlFactory")}`,
);
