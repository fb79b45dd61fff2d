/**
 * Whether bytes are one JSON document of bounded depth in valid UTF-8: asked before JSON.parse
 * where objects are built, because those who walk a value afterwards recurse.
 */
import { isUtf8 } from "node:buffer";
import { JsonGrammar, JsonRefusal } from "./json-grammar.ts";

class JsonCheck extends JsonGrammar {
  fault(bytes: Uint8Array): string | null {
    this.open(bytes);
    try {
      const rest = this.space(this.value(this.space(0), 0));
      if (rest < this.end) this.refuse(rest, "text after the end of the JSON document");
      return null;
    } catch (error) {
      if (!(error instanceof JsonRefusal)) throw error;
      return `${error.message} (byte ${error.offset})`;
    }
  }
}

/** @returns what is wrong with it, or null. */
export function jsonFault(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return "the body is not valid UTF-8";
  return new JsonCheck().fault(bytes);
}
