import { expect, test } from "vitest";
import { Lifetime, StoppedError } from "./lifetime.ts";
import type { Logger } from "./ports.ts";

const limits = { closingMsMax: 400, partMsMax: 100, openingGraceMs: 100 };

function lifetime() {
  const warnings: object[] = [];
  const nothing = (): void => undefined;
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    warn: (fields) => void warnings.push(fields),
    error: nothing,
  };
  return { life: new Lifetime(logger, limits), warnings };
}

const never = new Promise<never>(() => undefined);

test("parts are closed in reverse order, each before the next", async () => {
  const { life, warnings } = lifetime();
  const seen: string[] = [];
  for (const name of ["lock", "nats", "http"]) {
    const close = async (part: string): Promise<void> => {
      seen.push(`${part} closing`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.push(`${part} closed`);
    };
    expect(await life.open(name, () => name, close)).toBe(name);
  }
  expect(await life.close()).toEqual([]);
  expect(seen).toEqual(
    ["http", "nats", "lock"].flatMap((name) => [`${name} closing`, `${name} closed`]),
  );
  expect(warnings).toEqual([]);
  expect(await life.close(), "a second close finds nothing").toEqual([]);
});

test("a stop gives up at once what is being opened, and nothing is opened after it", async () => {
  const { life } = lifetime();
  const opening = life.open("slow", () => never, () => undefined);
  life.stop("SIGTERM");
  await expect(opening).rejects.toThrow(StoppedError);
  await expect(opening).rejects.toThrow("SIGTERM");
  let began = false;
  const after = life.open("next", () => void (began = true), () => undefined);
  await expect(after).rejects.toThrow(StoppedError);
  expect(began).toBe(false);
  await expect(life.unlessStopped(never)).rejects.toThrow(StoppedError);
});

test("a part that comes up after the stop is closed; one that does not is left", async () => {
  const { life, warnings } = lifetime();
  const closed: string[] = [];
  const hung = life.open("hung", () => never, () => void closed.push("hung"));
  const arrived = Promise.withResolvers<string>();
  const late = life.open("late", () => arrived.promise, (part) => void closed.push(part));
  life.stop("SIGINT");
  await expect(hung).rejects.toThrow(StoppedError);
  await expect(late).rejects.toThrow(StoppedError);
  setTimeout(() => arrived.resolve("late part"), 10);
  expect(await life.close()).toEqual(["hung"]);
  expect(closed).toEqual(["late part"]);
  expect(warnings).toHaveLength(1);
});

test("a part that did not open is not closed, and its error is the caller's", async () => {
  const { life } = lifetime();
  let closes = 0;
  const fails = life.open("nats", () => Promise.reject(new Error("no port")), () => void closes++);
  await expect(fails).rejects.toThrow("no port");
  expect(await life.close()).toEqual([]);
  expect(closes).toBe(0);
});

test("parts that hang or fail do not keep the others from closing", async () => {
  const { life, warnings } = lifetime();
  const closed: string[] = [];
  await life.open("lock", () => "lock", (part) => void closed.push(part));
  await life.open("hangs", () => 1, () => never);
  await life.open("fails", () => 1, () => Promise.reject(new Error("broken")));
  expect(await life.close()).toEqual(["fails", "hangs"]);
  expect(closed).toEqual(["lock"]);
  expect(warnings[0]).toMatchObject({ part: "fails", problem: "broken" });
});

test("closing everything is bounded; what remains is told to close nevertheless", async () => {
  const { life } = lifetime();
  const told: number[] = [];
  for (let part = 0; part < 50; part++) {
    await life.open(`part ${part}`, () => part, (it) => (told.push(it), never));
  }
  const beganMs = performance.now();
  expect(await life.close()).toHaveLength(50);
  expect(performance.now() - beganMs).toBeLessThan(limits.closingMsMax + 600);
  expect(told).toHaveLength(50);
});
