import { testMatrix } from "./support/matrix.js";
import { remove } from "./support/operations.js";

testMatrix(remove);
