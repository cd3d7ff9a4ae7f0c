import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** The shipped declarations as a consumer's compiler reads them; package.json lists them. */

const ROOT = join(import.meta.dirname, "../..");
const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
	exports: Record<string, string | { types: string }>;
};
const entries = Object.entries(exports).flatMap(([name, target]) =>
	typeof target === "string" ? [] : [{ name, file: join(ROOT, target.types) }],
);

const OPTIONS: ts.CompilerOptions = {
	target: ts.ScriptTarget.ES2022,
	module: ts.ModuleKind.NodeNext,
	moduleResolution: ts.ModuleResolutionKind.NodeNext,
	lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"],
	strict: true,
	exactOptionalPropertyTypes: true,
	noEmit: true,
};
/** The compiler's own declarations are read once for all entries. */
const host = ts.createCompilerHost(OPTIONS);
const read = host.getSourceFile;
const files = new Map<string, ts.SourceFile | undefined>();
host.getSourceFile = (name, ...options) => {
	const file = files.get(name) ?? read(name, ...options);
	files.set(name, file);
	return file;
};
/** Those that are for browsers, or for canisters, do without Node's types. */
const needsNode = (name: string) => ["./node", "./backup", "./http", "./localnet"].includes(name);

const isOwn = (file: ts.SourceFile) => !relative(ROOT, file.fileName).startsWith("node_modules");

/** Every type written or inferred that is `any`, be it because what it comes from is not found. */
function anyIn(program: ts.Program): string[] {
	const checker = program.getTypeChecker();
	const found: string[] = [];
	const visit = (node: ts.Node, file: ts.SourceFile) => {
		if (ts.isTypeNode(node) && checker.getTypeFromTypeNode(node).flags & ts.TypeFlags.Any) {
			const { line } = file.getLineAndCharacterOfPosition(node.getStart());
			found.push(`${relative(ROOT, file.fileName)}:${line + 1} ${node.getText()}`);
		}
		ts.forEachChild(node, (child) => visit(child, file));
	};
	for (const file of program.getSourceFiles().filter(isOwn)) visit(file, file);
	return found;
}

describe.each(entries)("the declarations of $name", ({ name, file }) => {
	const program = ts.createProgram([file], { ...OPTIONS, types: needsNode(name) ? ["node"] : [] }, host);

	test("compile in a strict project", () => {
		const errors = program
			.getSourceFiles()
			.filter(isOwn)
			.flatMap((each) => [...program.getSyntacticDiagnostics(each), ...program.getSemanticDiagnostics(each)])
			.map((each) => `${each.file?.fileName}: ${ts.flattenDiagnosticMessageText(each.messageText, " ")}`);
		expect(errors).toEqual([]);
	});

	test("have no any", () => {
		expect(anyIn(program)).toEqual([]);
	});

	test("export something", () => {
		const checker = program.getTypeChecker();
		const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
		expect(checker.getExportsOfModule(module!).length).toBeGreaterThan(0);
	});
});
