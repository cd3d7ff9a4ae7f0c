import { testMatrix } from "./support/matrix.js";
import { batch, download, putBlob, putMany, remove } from "./support/operations.js";

testMatrix(putBlob, putMany, batch, download, remove);
