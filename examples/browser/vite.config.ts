import { defineConfig } from "vite";

export default defineConfig({
	// Relative links: the page works wherever it is put, below a path of a canister too.
	base: "./",
});
