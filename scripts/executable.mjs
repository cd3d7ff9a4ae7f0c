// The compiler writes files that nobody may execute; the command's must be. npm does it only where it makes the link.
import { chmodSync } from "node:fs";

chmodSync(new URL("../dist/cli/main.js", import.meta.url), 0o755);
