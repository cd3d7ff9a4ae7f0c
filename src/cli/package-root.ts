/** The package's folder. It is as far from here as compiled (`dist/cli`) as from the bundle of the command (`dist/bin`). */
export const PACKAGE_ROOT = new URL("../../", import.meta.url);
