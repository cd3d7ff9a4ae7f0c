export { ArgumentsReader, ArgumentsWriter, Message, ReplyWriter } from "./message.js";
export { type Bounds, isMismatch, Malformed, Unsupported, WITHOUT_LISTS } from "./read.js";
export type { CandidType, Shape } from "./shape.js";
export { type NativeUtf8, useNativeUtf8 } from "./utf8.js";
export { decodeValue, encodeValue } from "./value.js";
export { type Encodable, Encoded } from "./write.js";
