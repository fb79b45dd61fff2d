/**
 * A model small enough to be written by hand, in ONNX's protobuf form: each token of
 * `input_ids` becomes its row of a table, as in the first layer of a real model.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

const int64 = 7;
const float32 = 1;

/** @param table a row of equal length for each token of the vocabulary. */
export function lookupModel(table: number[][]): Uint8Array {
  const size = table[0]?.length ?? 0;
  const values = new Uint8Array(Float32Array.from(table.flat()).buffer);
  const rows = message([
    [1, table.length],
    [1, size],
    [2, float32],
    [8, "table"],
    [9, values],
  ]);
  const gather = message([
    [1, "table"],
    [1, "input_ids"],
    [2, "last_hidden_state"],
    [4, "Gather"],
  ]);
  const graph = message([
    [1, gather],
    [2, "lookup"],
    [5, rows],
    [11, valueInfo("input_ids", int64, ["texts", "tokens"])],
    [11, valueInfo("attention_mask", int64, ["texts", "tokens"])],
    [12, valueInfo("last_hidden_state", float32, ["texts", "tokens", size])],
  ]);
  const opset = message([[2, 13]]);
  return message([
    [1, 8],
    [7, graph],
    [8, opset],
  ]);
}

function valueInfo(name: string, type: number, shape: (string | number)[]): Uint8Array {
  const dims = shape.map((dim): [number, Uint8Array] => [
    1,
    message([typeof dim === "number" ? [1, dim] : [2, dim]]),
  ]);
  const tensor = message([
    [1, type],
    [2, message(dims)],
  ]);
  return message([
    [1, name],
    [2, message([[1, tensor]])],
  ]);
}

/** Numbers are varints; texts and bytes have their length before them. */
function message(fields: [field: number, value: number | string | Uint8Array][]): Uint8Array {
  const parts = fields.flatMap(([field, value]) => {
    if (typeof value === "number") return [varint(field << 3), varint(value)];
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return [varint((field << 3) | 2), varint(bytes.length), bytes];
  });
  return Buffer.concat(parts);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}
