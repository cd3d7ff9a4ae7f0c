import { testMatrix } from "./support/matrix.js";
import { uploadStream } from "./support/operations.js";

testMatrix(uploadStream);
