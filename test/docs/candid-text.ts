import { IDL } from "@dfinity/candid";

/**
 * Candid types in one spelling, from text and from @dfinity/candid, to be compared: aliases expanded, fields in the
 * order of their names, `blob` as `vec nat8`, a `null` case without its type.
 */

export type Aliases = ReadonlyMap<string, string>;

const named = (
	kind: string,
	fields: [string, string][],
	type: (name: string, of: string) => string,
): string =>
	`${kind} { ${fields
		.map(([name, of]) => type(name, of))
		.sort()
		.join("; ")} }`;
const field = (name: string, type: string) => `${name} : ${type}`;
const variantCase = (name: string, type: string) => (type === "null" ? name : field(name, type));
const tuple = (types: string[]) => `record { ${types.join("; ")} }`;

class Parser {
	readonly #tokens: string[];
	readonly #aliases: Aliases;

	constructor(text: string, aliases: Aliases) {
		this.#tokens = text.match(/->|[\w]+|[{}();:,=]/g) ?? [];
		this.#aliases = aliases;
	}

	#take(expected?: string): string {
		const token = this.#tokens.shift();
		if (token === undefined || (expected !== undefined && token !== expected))
			throw new Error(`expected ${expected ?? "more"}, found ${token ?? "the end"}`);
		return token;
	}

	get done(): boolean {
		return this.#tokens.length === 0;
	}

	type(): string {
		const name = this.#take();
		if (name === "blob") return "vec nat8";
		if (name === "vec" || name === "opt") return `${name} ${this.type()}`;
		if (name === "record" || name === "variant") return this.#fields(name);
		return this.#aliases.get(name) ?? name;
	}

	#fields(kind: string): string {
		this.#take("{");
		const fields: [string, string][] = [];
		const types: string[] = [];
		while (this.#tokens[0] !== "}") {
			if (this.#tokens[1] === ":") {
				const name = this.#take();
				this.#take(":");
				fields.push([name, this.type()]);
			} else if (kind === "variant") fields.push([this.#take(), "null"]);
			else types.push(this.type());
			if (this.#tokens[0] !== "}") this.#take(";");
		}
		this.#take("}");
		if (types.length > 0) return tuple(types);
		return named(kind, fields, kind === "variant" ? variantCase : field);
	}

	alias(): [string, string] {
		this.#take("type");
		const name = this.#take();
		this.#take("=");
		const type = this.type();
		this.#take(";");
		return [name, type];
	}

	method(): { name: string; args: string[]; ok: string } {
		const name = this.#take();
		this.#take(":");
		const args = this.#list();
		this.#take("->");
		const [ok] = this.#list();
		return { name, args, ok: ok! };
	}

	#list(): string[] {
		this.#take("(");
		const types: string[] = [];
		while (this.#tokens[0] !== ")") {
			types.push(this.type());
			if (this.#tokens[0] !== ")") this.#take(",");
		}
		this.#take(")");
		return types;
	}
}

/** `type Name = …;`, each of which may use those before it. */
export function parseAliases(text: string): Map<string, string> {
	const aliases = new Map<string, string>();
	const parser = new Parser(text, aliases);
	while (!parser.done) {
		const [name, type] = parser.alias();
		aliases.set(name, type);
	}
	return aliases;
}

/** `name : (types) -> (what an ok carries)`. */
export const parseMethod = (text: string, aliases: Aliases) => new Parser(text, aliases).method();

class Speller extends IDL.Visitor<null, string> {
	override visitPrimitive<T>(type: IDL.PrimitiveType<T>): string {
		return type.name;
	}
	override visitPrincipal(): string {
		return "principal";
	}
	override visitVec<T>(_: IDL.VecClass<T>, of: IDL.Type<T>): string {
		return `vec ${spell(of)}`;
	}
	override visitOpt<T>(_: IDL.OptClass<T>, of: IDL.Type<T>): string {
		return `opt ${spell(of)}`;
	}
	override visitTuple<T extends unknown[]>(_: IDL.TupleClass<T>, parts: IDL.Type[]): string {
		return tuple(parts.map(spell));
	}
	override visitRecord(_: IDL.RecordClass, fields: [string, IDL.Type][]): string {
		return named("record", fields.map(spellField), field);
	}
	override visitVariant(_: IDL.VariantClass, fields: [string, IDL.Type][]): string {
		return named("variant", fields.map(spellField), variantCase);
	}
}
const spellField = ([name, type]: [string, IDL.Type]): [string, string] => [name, spell(type)];

export const spell = (type: IDL.Type): string => type.accept(new Speller(), null);
