import { testMatrix } from "./support/matrix.js";
import { download, putBlob, putMany, remove } from "./support/operations.js";

testMatrix(putBlob, putMany, download, remove);
