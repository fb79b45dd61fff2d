import { expect, test } from "vitest";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { addressAllowed, classifyAddress, guardedLookup } from "./address-guard.ts";
import { TerminalError } from "../runtime/errors.ts";

const classes: [string, ReturnType<typeof classifyAddress>][] = [
  ["8.8.8.8", "public"],
  ["169.253.255.255", "public"],
  ["169.254.0.1", "never"],
  ["169.254.169.254", "never"],
  ["170.0.0.1", "public"],
  ["0.0.0.0", "never"],
  ["0.1.2.3", "never"],
  ["224.0.0.1", "never"],
  ["255.255.255.255", "never"],
  ["168.63.129.16", "never"],
  ["100.100.100.200", "never"],
  ["100.64.0.1", "private"],
  ["10.1.2.3", "private"],
  ["127.0.0.1", "private"],
  ["127.255.255.254", "private"],
  ["172.15.0.1", "public"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.1", "public"],
  ["192.168.1.1", "private"],
  ["2001:4860:4860::8888", "public"],
  ["::", "never"],
  ["::1", "private"],
  ["fe80::1", "never"],
  ["fe80::1%eth0", "never"],
  ["febf::1", "never"],
  ["ff02::1", "never"],
  ["fd00:ec2::254", "never"],
  ["fd00:ec2::253", "private"],
  ["fc00::1", "private"],
  ["::ffff:169.254.169.254", "never"],
  ["::ffff:a9fe:a9fe", "never"],
  ["0:0:0:0:0:ffff:a9fe:a9fe", "never"],
  ["::ffff:10.0.0.1", "private"],
  ["::ffff:8.8.8.8", "public"],
  ["::169.254.169.254", "never"],
  ["::ffff:0:169.254.169.254", "never"],
  ["64:ff9b::a9fe:a9fe", "never"],
  ["64:ff9b::808:808", "public"],
  ["2002:a9fe:a9fe::1", "never"],
  ["2002:7f00:1::1", "private"],
  ["metadata.google.internal", "never"],
  ["", "never"],
];

test.each(classes)("%s is %s", (address, expected) => {
  expect(classifyAddress(address)).toBe(expected);
});

test("private addresses follow the receiver's setting, metadata addresses do not", () => {
  expect(addressAllowed("127.0.0.1", true)).toBe(true);
  expect(addressAllowed("127.0.0.1", false)).toBe(false);
  expect(addressAllowed("169.254.169.254", true)).toBe(false);
  expect(addressAllowed("1.1.1.1", false)).toBe(true);
});

type Answer = { error: Error | null; result: unknown };

function ask(addresses: string[], allowPrivate: boolean, all: boolean): Promise<Answer> {
  const resolve = (
    _host: string,
    _options: object,
    callback: (error: null, found: LookupAddress[]) => void,
  ): void => callback(null, addresses.map((address) => ({ address, family: 4 })));
  const lookup: LookupFunction = guardedLookup(
    allowPrivate,
    resolve as unknown as Parameters<typeof guardedLookup>[1],
  );
  return new Promise((done) => {
    lookup("some.host", { all }, (error, result) => done({ error, result }));
  });
}

test("a name with one forbidden address yields only the others", async () => {
  const answer = await ask(["169.254.169.254", "8.8.8.8"], true, true);
  expect(answer.result).toEqual([{ address: "8.8.8.8", family: 4 }]);
  expect((await ask(["169.254.169.254", "8.8.8.8"], true, false)).result).toBe("8.8.8.8");
});

test("a name with only forbidden addresses is a terminal error that says why", async () => {
  const metadata = await ask(["169.254.169.254"], true, true);
  expect(metadata.error).toBeInstanceOf(TerminalError);
  expect(metadata.error?.message).toContain("never allowed");
  const inner = await ask(["10.0.0.1"], false, false);
  expect(inner.error?.message).toContain("allow_private");
});
