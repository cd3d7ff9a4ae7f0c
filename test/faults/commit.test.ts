import { testMatrix } from "./support/matrix.js";
import { commit } from "./support/operations.js";

testMatrix(commit);
