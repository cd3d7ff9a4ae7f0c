import { testMatrix } from "./support/matrix.js";
import { commit, resume, uploadStream } from "./support/operations.js";

testMatrix(uploadStream, resume, commit);
