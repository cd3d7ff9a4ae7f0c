/** The part of the WebAssembly JavaScript interface that this folder uses; TypeScript has it only with the DOM. */
declare namespace WebAssembly {
	class Module {
		constructor(bytes: Uint8Array);
	}
	class Instance {
		constructor(module: Module, imports: Record<string, ModuleImports>);
		readonly exports: Exports;
	}
	class Memory {
		readonly buffer: ArrayBuffer;
		grow(pages: number): number;
	}
	class Table {
		readonly length: number;
		get(index: number): unknown;
	}
	class Global {
		value: unknown;
	}
	class RuntimeError extends Error {}
	type Exports = Record<string, unknown>;
	type ModuleImports = Record<string, (...args: (number | bigint)[]) => unknown>;
	function validate(bytes: Uint8Array): boolean;
}
