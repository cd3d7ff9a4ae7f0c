import { testMatrix } from "./support/matrix.js";
import { putMany } from "./support/operations.js";

testMatrix(putMany);
