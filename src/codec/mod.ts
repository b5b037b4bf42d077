// The value codec: arguments, results and errors as bytes in shared memory.

export { decode } from "./decode.ts";
export {
  carries,
  encode,
  pathOf,
  type Refusal,
  refusal,
  type Subject,
} from "./encode.ts";
export { isByPort, UncloneableError } from "./errors.ts";
export type { ErrorClass, ErrorClasses } from "./tags.ts";
export { kindOf, lengthOf, VIEW_CLASSES } from "./tags.ts";
export type { Room } from "./writer.ts";
export type { Serializer } from "../host.ts";
