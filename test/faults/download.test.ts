import { testMatrix } from "./support/matrix.js";
import { download } from "./support/operations.js";

testMatrix(download);
