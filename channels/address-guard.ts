/**
 * Which network addresses a notification may be sent to. A receiver's URL is written by an
 * operator, but its name is resolved by whoever owns the name; a cloud's metadata service must
 * not be reachable that way.
 *
 * G1 The address that is checked is the one that is connected to: `guardedLookup` stands in for
 *    the socket's own resolution, so a name that resolves differently a second time gains nothing.
 * G2 "never" addresses are refused whatever the configuration says.
 * G3 An IPv6 address that carries an IPv4 address (mapped, compatible, NAT64, 6to4) is judged by
 *    both, and the stricter verdict counts.
 */
import { lookup as systemLookup } from "node:dns";
import { BlockList, isIP, isIPv4 } from "node:net";
import type { LookupFunction } from "node:net";
import { TerminalError } from "../runtime/errors.ts";

export type AddressClass = "public" | "private" | "never";

type Range = [address: string, prefixBits: number];

const never: Range[] = [
  ["0.0.0.0", 8], // unspecified, "this network"
  ["169.254.0.0", 16], // link-local; metadata services live here
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, broadcast
  ["168.63.129.16", 32], // Azure's host channel
  ["100.100.100.200", 32], // Alibaba's metadata
  ["192.0.0.192", 32], // Oracle's metadata
  ["::", 128],
  ["fe80::", 10],
  ["ff00::", 8],
  ["fd00:ec2::254", 128], // AWS's metadata
  ["fd20:ce::254", 128], // Google's metadata
];

const onlyIfPrivateAllowed: Range[] = [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["::1", 128],
  ["fc00::", 7],
  ["fec0::", 10],
];

const neverList = blockList(never);
const privateList = blockList(onlyIfPrivateAllowed);

function blockList(ranges: Range[]): BlockList {
  const list = new BlockList();
  for (const [address, bits] of ranges) {
    list.addSubnet(address, bits, isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}

/** `address` is an IP literal without brackets; anything else is "never". */
export function classifyAddress(address: string): AddressClass {
  const bare = address.split("%")[0] ?? "";
  const version = isIP(bare);
  if (version === 0) return "never";
  const forms: [string, "ipv4" | "ipv6"][] = [[bare, version === 4 ? "ipv4" : "ipv6"]];
  const inner = version === 6 ? embeddedIPv4(bare) : null;
  if (inner !== null) forms.push([inner, "ipv4"]);
  if (forms.some(([text, family]) => neverList.check(text, family))) return "never";
  if (forms.some(([text, family]) => privateList.check(text, family))) return "private";
  return "public";
}

/** The IPv4 address that a transition form of IPv6 leads to; null for ordinary addresses. */
function embeddedIPv4(address: string): string | null {
  const groups = ipv6Groups(address);
  const at = (index: number): number => groups[index] ?? 0;
  const leading = (zeros: number): boolean => groups.slice(0, zeros).every((g) => g === 0);
  const join = (high: number, low: number): string =>
    [high >> 8, high & 255, low >> 8, low & 255].join(".");
  if (leading(5) && at(5) === 0xffff) return join(at(6), at(7));
  if (leading(6) && (at(6) !== 0 || at(7) > 1)) return join(at(6), at(7));
  if (leading(4) && at(4) === 0xffff && at(5) === 0) return join(at(6), at(7));
  if (at(0) === 0x64 && at(1) === 0xff9b) return join(at(6), at(7));
  if (at(0) === 0x2002) return join(at(1), at(2));
  return null;
}

/** The eight groups of a valid IPv6 literal. */
function ipv6Groups(address: string): number[] {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const parse = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const front = parse(head);
  if (tail === undefined) return front;
  const back = parse(tail);
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

/** True when `address` may be connected to. */
export function addressAllowed(address: string, allowPrivate: boolean): boolean {
  const found = classifyAddress(address);
  return found === "public" || (found === "private" && allowPrivate);
}

/**
 * A `lookup` for node:net and node:tls sockets that yields allowed addresses only.
 * It fails with TerminalError when a name has addresses but none of them is allowed.
 * @param resolve stands in for the system's resolver in tests.
 */
export function guardedLookup(
  allowPrivate: boolean,
  resolve: typeof systemLookup = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const allowed = addresses.filter((one) => addressAllowed(one.address, allowPrivate));
      const first = allowed[0];
      if (first === undefined) return callback(refusal(hostname, addresses[0]?.address), []);
      if (options.all === true) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

/** The error for a host whose addresses are all refused. */
export function refusal(host: string, address: string | undefined): TerminalError {
  const why =
    address !== undefined && classifyAddress(address) === "private"
      ? "private addresses are not allowed for this receiver (allow_private: false)"
      : "link-local, metadata, multicast and unspecified addresses are never allowed";
  return new TerminalError(`address of ${host} refused (${address ?? "none"}): ${why}`);
}
