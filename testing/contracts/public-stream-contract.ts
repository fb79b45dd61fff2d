/** What a PublicStream must do, so that relays can tell what went out before a crash. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PublicStream } from "../../runtime/ports.ts";

export type PublicStreamUnderTest = {
  stream: PublicStream;
  /** The same stream as another process sees it, which has published nothing. */
  other: PublicStream;
  /** A subject that the stream captures. */
  subject: string;
  close(): Promise<void>;
};

const data = new TextEncoder().encode("{}");

export function publicStreamContract(
  name: string,
  open: () => Promise<PublicStreamUnderTest>,
): void {
  describe(`public stream contract: ${name}`, () => {
    let opened: PublicStreamUnderTest;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.close();
    });

    test("publish - a repeated id is stored once, also from another process", async () => {
      const { stream, other, subject } = opened;
      const first = await stream.publish(subject, "once", data);
      expect(await stream.publish(subject, "once", data)).toBe(first);
      expect(await other.publish(subject, "once", data)).toBe(first);
      const next = await stream.publish(subject, "next", data);
      expect(next).toBe(first + 1);
    });

    test("messageIdsAfter - tells exactly the ids behind a sequence", async () => {
      const { stream, other, subject } = opened;
      const seqs = [];
      for (const id of ["a", "b", "c"]) seqs.push(await stream.publish(subject, id, data));
      expect(await other.messageIdsAfter(seqs[0] ?? 0)).toEqual(new Set(["b", "c"]));
      expect(await other.messageIdsAfter(seqs[2] ?? 0)).toEqual(new Set());
      const all = await other.messageIdsAfter(0);
      for (const id of ["a", "b", "c"]) expect(all).toContain(id);
    });

    test("messageIdsAfter - sees what was published just before", async () => {
      const { stream, other, subject } = opened;
      const before = await stream.publish(subject, "marker", data);
      const ids = Array.from({ length: 50 }, (_, index) => `burst ${index}`);
      await Promise.all(ids.map((id) => stream.publish(subject, id, data)));
      expect(await other.messageIdsAfter(before)).toEqual(new Set(ids));
    });

    test("knownSeq - never runs ahead, and follows one's own messages", async () => {
      const { stream, subject } = opened;
      const seq = await stream.publish(subject, "mine", data);
      expect(stream.knownSeq()).toBe(seq);
      const copy = await stream.publish(subject, "mine", data);
      expect(stream.knownSeq()).toBe(copy);
    });
  });
}
