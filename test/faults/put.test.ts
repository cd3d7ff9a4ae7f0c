import { testMatrix } from "./support/matrix.js";
import { putBlob } from "./support/operations.js";

testMatrix(putBlob);
