import { defineConfig } from "vite";

const SERVICE_WORKER = "service-worker";

export default defineConfig({
	// Relative links: the page works at any path, also below a path of a canister.
	base: "./",
	worker: {
		rollupOptions: {
			output: {
				// A service worker has no dynamic imports.
				inlineDynamicImports: true,
				// A service worker answers only for paths below its script, and is updated by its name.
				entryFileNames: ({ name }) => (name === SERVICE_WORKER ? "[name].js" : "assets/[name]-[hash].js"),
			},
		},
	},
});
