/** IP addresses. A port, a prefix length or a zone beside them stays. */
import { isIPv6 } from "node:net";
import { type Found, isAlphanumeric } from "./kind-finder.ts";

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
/** Neither "v1.2.3.4", a version, nor a part of a longer dotted number. */
const ipv4 = new RegExp(
  `(?<!\\d|\\d\\.|(?<![A-Za-z])[vV])(?:${octet}\\.){3}${octet}(?!\\d|\\.\\d)`,
  "g",
);

export function findIpv4(text: string, found: Found): void {
  ipv4.lastIndex = 0;
  for (let match = ipv4.exec(text); match !== null; match = ipv4.exec(text)) {
    found(match.index, ipv4.lastIndex);
  }
}

const ipv6Run = /[0-9A-Fa-f:.]{3,}/g;
/** An address has at most 45 characters; a word or a port may stand on either side of it. */
const runCharsMax = 80;
const partsMax = 10;

export function findIpv6(text: string, found: Found): void {
  ipv6Run.lastIndex = 0;
  for (let match = ipv6Run.exec(text); match !== null; match = ipv6Run.exec(text)) {
    const [run] = match;
    if (run.length > runCharsMax) continue;
    if (!run.includes("::") && run.split(":").length < 8) continue;
    if (!isMeant(run)) continue;
    const address = addressIn(text, match.index, run);
    if (address !== null) found(...address);
  }
}

/** The longest address of the run, leftmost first. Words such as "std::vector" are none. */
function addressIn(text: string, at: number, run: string): [number, number] | null {
  const isApart =
    !isAlphanumeric(text.charCodeAt(at - 1)) && !isAlphanumeric(text.charCodeAt(at + run.length));
  if (isApart && isIPv6(run)) return [at, at + run.length];
  const starts = placesAfter(run, ":");
  const ends = [...placesBefore(run)].reverse();
  for (const start of starts.slice(0, partsMax)) {
    if (start === 0 && isAlphanumeric(text.charCodeAt(at - 1))) continue;
    for (const end of ends.slice(0, partsMax)) {
      if (end === run.length && isAlphanumeric(text.charCodeAt(at + end))) continue;
      const word = run.slice(start, end);
      if (isMeant(word) && isIPv6(word)) return [at + start, at + end];
    }
  }
  return null;
}

/** Hexadecimal words joined by "::" are names of a program more often than addresses. */
function isMeant(address: string): boolean {
  return /\d/.test(address) || address.split(":").filter((group) => group !== "").length >= 3;
}

/** 0, and each place after a separator; "::" may begin an address. */
function placesAfter(run: string, separator: string): number[] {
  const places = [0];
  for (let at = 0; at < run.length; at += 1) {
    if (run[at] !== separator) continue;
    if (run[at + 1] === separator) places.push(at);
    places.push(at + 1);
  }
  return [...new Set(places)];
}

/** The end, and each place before a separator or after a "::". */
function placesBefore(run: string): number[] {
  const places: number[] = [];
  for (let at = 1; at < run.length; at += 1) {
    if (run[at] === ":" || run[at] === ".") places.push(at);
    if (run[at] === ":" && run[at - 1] === ":") places.push(at + 1);
  }
  return [...new Set([...places, run.length])].sort((a, b) => a - b);
}
