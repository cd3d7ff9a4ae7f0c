import { defineConfig } from "vite";

const SERVICE_WORKER = "service-worker";

export default defineConfig({
	// Relative links: the page works wherever it is put, below a path of a canister too.
	base: "./",
	worker: {
		rollupOptions: {
			output: {
				// A service worker has no dynamic imports.
				inlineDynamicImports: true,
				// A service worker answers for what is below its script only, and is renewed by its name.
				entryFileNames: ({ name }) => (name === SERVICE_WORKER ? "[name].js" : "assets/[name]-[hash].js"),
			},
		},
	},
});
