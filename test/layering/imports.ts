import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "../..");

/** One import, of whatever form: static, re-export, type, dynamic, `import = require`. */
export interface Import {
	/** The file that imports, from the root of the repository. */
	readonly file: string;
	readonly line: number;
	/** As written. */
	readonly specifier: string;
	/** The file meant, from the root of the repository; undefined for a package or a module of Node. */
	readonly target: string | undefined;
	/** Whether the file meant is loaded before this one runs: no type, no dynamic import. */
	readonly loads: boolean;
}

/** Every TypeScript file below a folder, from the root of the repository. */
export function sourceFiles(folder: string): string[] {
	return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
		.filter((name) => /\.[cm]?tsx?$/.test(name))
		.map((name) => posix.join(folder, name.split(sep).join("/")))
		.sort();
}

/** Every import of a file. Throws at one that cannot be read off the source, and at reference directives. */
export function importsOf(file: string): Import[] {
	const path = join(ROOT, file);
	return importsIn(file, readFileSync(path, "utf8"));
}

export function importsIn(file: string, text: string): Import[] {
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
	const imports: Import[] = [];
	const place = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
	if (source.referencedFiles.length + source.typeReferenceDirectives.length > 0)
		throw new Error(`${file}: a reference directive, which passes by the borders between folders`);

	const add = (specifier: ts.Node, node: ts.Node, loads = false) => {
		if (!ts.isStringLiteralLike(specifier))
			throw new Error(`${file}:${place(node)}: an import of something that is computed`);
		imports.push({
			file,
			line: place(node),
			specifier: specifier.text,
			target: target(file, specifier.text),
			loads,
		});
	};
	const visit = (node: ts.Node): void => {
		if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
			add(node.moduleSpecifier, node, !isTypeOnly(node));
		else if (ts.isExternalModuleReference(node)) add(node.expression, node);
		else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
			add(node.argument.literal, node);
		else if (ts.isCallExpression(node)) {
			const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
			if (node.expression.kind === ts.SyntaxKind.ImportKeyword || isRequire) add(node.arguments[0]!, node);
		}
		ts.forEachChild(node, visit);
	};
	visit(source);
	return imports;
}

/** Whether nothing of an import is left when types are taken away. */
function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
	if (ts.isExportDeclaration(node)) return node.isTypeOnly;
	const clause = node.importClause;
	if (clause === undefined) return false;
	if (clause.isTypeOnly) return true;
	const named = clause.namedBindings;
	return (
		clause.name === undefined &&
		named !== undefined &&
		ts.isNamedImports(named) &&
		named.elements.every((element) => element.isTypeOnly)
	);
}

/** NodeNext writes the name of what is emitted: `./x.js` is `./x.ts`, or `./x.d.ts`, which need not be told apart. */
function target(file: string, specifier: string): string | undefined {
	if (!specifier.startsWith(".")) return undefined;
	const path = relative(ROOT, join(ROOT, dirname(file), specifier))
		.split(sep)
		.join("/");
	return path.replace(/\.js$/, ".ts");
}

/** The package that a specifier names: `@scope/name` or `name`, without a path inside it. */
export function packageOf(specifier: string): string {
	const [first, second] = specifier.split("/");
	return first!.startsWith("@") ? `${first}/${second}` : first!;
}
