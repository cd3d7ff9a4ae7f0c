import { part } from "../util/part.js";

/** What proves a manifest. */
export const proving = part(() => import("./stat.js"));
