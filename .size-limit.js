/** Splits as a page's bundler does, and weighs what the entry loads at once: not what it imports dynamically later. */
const mainChunkOnly = (config) => ({
	...config,
	format: "esm",
	splitting: true,
	plugins: [
		{
			name: "main-chunk-only",
			setup: (build) =>
				build.onEnd(({ metafile: { outputs } }) => {
					const loaded = new Set();
					const load = (path) => {
						if (loaded.has(path)) return;
						loaded.add(path);
						for (const { kind, path: next } of outputs[path].imports)
							if (kind === "import-statement" && outputs[next]) load(next);
					};
					load(Object.keys(outputs).find((path) => path.endsWith("/index.js")));
					for (const path of Object.keys(outputs)) if (!loaded.has(path)) delete outputs[path];
				}),
		},
	],
});

const ignore = ["@dfinity/*", "@noble/*"];

export default [
	{
		name: "client's main chunk, beside the agent",
		path: "dist/client/index.js",
		ignore,
		gzip: true,
		limit: "44 KB",
		modifyEsbuildConfig: mainChunkOnly,
	},
	{
		name: "all of the client, beside the agent",
		path: "dist/client/index.js",
		ignore,
		gzip: true,
		limit: "79.5 KB",
	},
	{
		name: "script of its worker",
		path: "dist/client/platform/bls-worker/worker.js",
		gzip: true,
		limit: "24 KB",
	},
	{
		name: "service worker, beside agent and client",
		path: "dist/service-worker/index.js",
		import: "{ serveBlobs }",
		ignore,
		gzip: true,
		limit: "33 KB",
	},
];
