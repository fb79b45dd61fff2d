/**
 * The configuration as it may be shown: the file's own settings in their order, without comments
 * (passwords get commented out, too) and with `<secret>` in place of each secret.
 */
import { isMap, isNode, isScalar, visit, type Scalar } from "yaml";
import type { Reading } from "../reading.ts";
import { withoutPassword } from "./http-url.ts";

/** Changes the document of `reading`, so it comes last; empty secrets stay empty. */
export function showWithoutSecrets(reading: Reading): string {
  const { document, secrets } = reading;
  for (const node of secrets) {
    if (isScalar(node) && node.value !== null && node.value !== "") write(node, "<secret>");
  }
  document.comment = null;
  document.commentBefore = null;
  visit(document, {
    Node(_key, node) {
      if (!isNode(node)) return;
      delete node.comment;
      delete node.commentBefore;
      if (isMap(node) || !isScalar(node) || typeof node.value !== "string") return;
      const shown = withoutPassword(node.value);
      if (shown !== node.value) write(node, shown);
    },
  });
  return document.toString({ lineWidth: 0 });
}

function write(node: Scalar, text: string): void {
  node.value = text;
  node.type = "PLAIN";
  delete node.tag;
  delete node.source;
  delete node.format;
}
