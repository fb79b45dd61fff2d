/** What the three key-value ports must do: timers, incident states, snapshots. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Snapshots, StateStore, Timer, Timers } from "../../runtime/ports.ts";
import { eventually } from "./eventually.ts";

export type Opened<Port> = { port: Port; close(): Promise<void> };

/** Opens the port once for the suite's tests, which use keys of their own. */
function opening<Port>(open: () => Promise<Opened<Port>>): { port(): Port } {
  let opened: Opened<Port> | null = null;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(async () => {
    await opened?.close();
  });
  return {
    port: () => {
      if (opened === null) throw new Error("the port is not open");
      return opened.port;
    },
  };
}

/** A watcher that keeps what it was told, in order. */
function recorder() {
  const told: string[] = [];
  const now = new Map<string, Timer>();
  let atReady: Timer[] | null = null;
  return {
    told,
    atReady: () => atReady,
    watcher: {
      put: (timer: Timer) => {
        told.push(`put ${timer.id} ${timer.generation} ${timer.fireAtMs}`);
        now.set(timer.id, timer);
      },
      deleted: (id: string) => {
        told.push(`deleted ${id}`);
        now.delete(id);
      },
      ready: () => {
        told.push("ready");
        atReady = [...now.values()];
      },
    },
  };
}

export function timersContract(name: string, open: () => Promise<Opened<Timers>>): void {
  describe(`timers contract: ${name}`, () => {
    const { port } = opening(open);

    test("watch - an empty partition is ready at once", async () => {
      const { told, watcher } = recorder();
      const watch = await port().watch(900, watcher);
      await eventually(() => expect(told).toEqual(["ready"]));
      watch.stop();
    });

    test("watch - tells what is there, then ready, then each change", async () => {
      // Deleted ones leave markers before and after those that are present.
      for (const id of ["early", "late"]) {
        await port().put(901, { id: `inc-901-${id}`, generation: 1, fireAtMs: 5 });
        await port().delete(901, `inc-901-${id}`);
        await port().put(901, { id: "inc-901-a", generation: 1, fireAtMs: 1_000 });
        await port().put(901, { id: "inc-901-a", generation: 2, fireAtMs: 2_000 });
      }
      await port().delete(901, "inc-901-early");
      const { told, atReady, watcher } = recorder();
      const watch = await port().watch(901, watcher);
      await eventually(() => expect(told).toContain("ready"));
      expect(atReady()).toEqual([{ id: "inc-901-a", generation: 2, fireAtMs: 2_000 }]);
      await port().put(901, { id: "inc-901-b", generation: 7, fireAtMs: 3_000 });
      await port().delete(901, "inc-901-a");
      await eventually(() =>
        expect(told.slice(-2)).toEqual(["put inc-901-b 7 3000", "deleted inc-901-a"]),
      );
      watch.stop();
    });

    test("watch - does not see other partitions, nor anything once stopped", async () => {
      const mine = recorder();
      const longer = recorder();
      const watch = await port().watch(90, mine.watcher);
      const watchLonger = await port().watch(902, longer.watcher);
      await port().put(902, { id: "inc-902-a", generation: 1, fireAtMs: 1 });
      await eventually(() => expect(longer.told).toContain("put inc-902-a 1 1"));
      watchLonger.stop();
      await port().put(902, { id: "inc-902-b", generation: 1, fireAtMs: 1 });
      await port().put(90, { id: "inc-90-a", generation: 1, fireAtMs: 1 });
      await eventually(() => expect(mine.told).toEqual(["ready", "put inc-90-a 1 1"]));
      expect(longer.told).not.toContain("put inc-902-b 1 1");
      watch.stop();
    });

    test("delete - of a timer that is not there is no error", async () => {
      await port().delete(903, "inc-903-never");
    });
  });
}

export function stateContract(name: string, open: () => Promise<Opened<StateStore>>): void {
  describe(`state contract: ${name}`, () => {
    const { port } = opening(open);

    test("get - null at first, then what was put last", async () => {
      expect(await port().get("inc-0-a")).toBeNull();
      await port().put("inc-0-a", { version: 1 });
      await port().put("inc-0-a", { version: 2 });
      expect((await port().get("inc-0-a"))?.version).toBe(2);
    });

    test("delete - removes, and may be repeated", async () => {
      await port().put("inc-0-c", { version: 1 });
      await port().delete("inc-0-c");
      await port().delete("inc-0-c");
      expect(await port().get("inc-0-c")).toBeNull();
    });
  });
}

export function snapshotsContract(name: string, open: () => Promise<Opened<Snapshots>>): void {
  describe(`snapshots contract: ${name}`, () => {
    const { port } = opening(open);

    test("load - null at first, then the newest save", async () => {
      expect(await port().load("dedup.90")).toBeNull();
      await port().save("dedup.90", new Uint8Array([1, 2, 3]));
      await port().save("dedup.90", new Uint8Array([4]));
      expect(Array.from((await port().load("dedup.90")) ?? [])).toEqual([4]);
      expect(await port().load("dedup.9")).toBeNull();
    });

    test("save - an empty one and a large one come back whole", async () => {
      await port().save("dedup.91", new Uint8Array(0));
      expect((await port().load("dedup.91"))?.length).toBe(0);
      const large = new Uint8Array(3_000_000).map((_, index) => index * 31);
      await port().save("dedup.91", large);
      const loaded = await port().load("dedup.91");
      expect(Buffer.from(loaded ?? []).equals(Buffer.from(large))).toBe(true);
    });
  });
}
