/** The members of an alert that rows know, by name. */
import {
  annotationsColumn,
  dedupKeyColumn,
  endsAtColumn,
  generatorURLColumn,
  labelsColumn,
  startsAtColumn,
} from "../row-layout.ts";
import { hexDigit } from "./grammar.ts";

export const noField: i32 = 0;
/** An escaped name is spelled out here, as long as it may be one of ours, and a quote before it. */
const spelledAt: usize = 512;
const spelledMax: usize = 12;

/** The column of the member whose name spans [open, nameEnd), quotes included. */
export function fieldOf(open: usize, nameEnd: usize): i32 {
  const begin = load<u64>(open, 1);
  // The last eight bytes; of shorter names what lies before them, which is not looked at.
  const end = load<u64>(nameEnd - 9);
  switch (<i32>(nameEnd - open) - 2) {
    case 6: {
      const six = begin & 0xffff_ffff_ffff;
      if (six == 0x736c_6562_616c) return labelsColumn;
      return six == 0x7441_7364_6e65 ? endsAtColumn : noField;
    }
    case 8:
      return begin == 0x7441_7374_7261_7473 ? startsAtColumn : noField;
    case 9:
      if (begin != 0x656b_5f70_7564_6564) return noField;
      return load<u8>(open, 9) == 0x79 ? dedupKeyColumn : noField;
    case 11:
      if (begin != 0x6974_6174_6f6e_6e61) return noField;
      return end == 0x736e_6f69_7461_746f ? annotationsColumn : noField;
    case 12:
      if (begin != 0x6f74_6172_656e_6567) return noField;
      return end == 0x4c52_5572_6f74_6172 ? generatorURLColumn : noField;
    default:
      return noField;
  }
}

/** The same of a name with escapes in it. */
export function spelledField(open: usize, nameEnd: usize): i32 {
  let to: usize = spelledAt + 1;
  for (let at = open + 1; at < nameEnd - 1; to += 1) {
    if (to > spelledAt + spelledMax) return noField;
    let code: i32 = load<u8>(at);
    if (code == 0x5c) {
      // No name of ours has a character in it that the short escapes stand for.
      if (load<u8>(at, 1) != 0x75) return noField;
      code = (hex(at, 2) << 12) | (hex(at, 3) << 8) | (hex(at, 4) << 4) | hex(at, 5);
      if (code > 0x7f) return noField;
      at += 5;
    }
    store<u8>(to, <u8>code);
    at += 1;
  }
  return fieldOf(spelledAt, to + 1);
}

function hex(at: usize, nth: usize): i32 {
  return hexDigit(load<u8>(at + nth));
}
