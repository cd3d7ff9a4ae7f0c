import { testMatrix } from "./support/matrix.js";
import { resume } from "./support/operations.js";

testMatrix(resume);
