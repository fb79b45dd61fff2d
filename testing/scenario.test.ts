/** The story language itself: a story that is not true must fail, and say what was true. */
import { expect, test } from "vitest";
import { happened, notified, replied, timerSet } from "./scenario-expectations.ts";
import { alertFired, command, nothing } from "./scenario-happenings.ts";
import { scenario } from "./scenario.ts";
import { clockMs, storyBeginMs, storyTimeText } from "./story-clock.ts";
import { storyConfig } from "./story-config.ts";

const told = () =>
  scenario("a page", { config: storyConfig() }).at("00:00").when(alertFired("db-down"));

test("a missing output fails with the list of what there was", () => {
  expect(() => told().then(notified("nobody"))).toThrow(
    /a page\n.*at 00:00: expected a notification of nobody\n[^]*event opened by alerts/,
  );
  expect(() => told().then(notified("primary", "resolved"))).toThrow("primary (resolved)");
  expect(() => told().then(happened("opened", { because: "no such reason" }))).toThrow();
  expect(() => told().then(replied("done"))).toThrow("the reply done");
  expect(() => told().then(timerSet("04:59"))).toThrow("a timer at 04:59");
});

test("the order of expectations is the order of outputs", () => {
  told().then(happened("opened"), notified("primary"));
  expect(() => told().then(notified("primary"), happened("opened"))).toThrow("event opened");
});

test("nothing more means nothing after what was matched, timers apart", () => {
  told().then(notified("primary"), timerSet("05:00")).thenNothing();
  told().then(notified("primary")).thenNothing();
  expect(() => told().then(happened("opened")).thenNothing()).toThrow("expected nothing more");
  expect(() => told().thenNo(notified("primary"))).toThrow("unexpected: a notification");
});

test("the past and unknown incidents are mistakes of the story", () => {
  expect(() => told().at("05:00").at("04:00")).toThrow("04:00 is in the past");
  expect(() => told().when(command({ kind: "close" }, { on: "other" }))).toThrow('"other"');
});

test("time passes an instant, and is read as it is written", () => {
  told().at("05:00").when(nothing()).then(notified("secondary"));
  expect(clockMs("01:02:03")).toBe(3_723_000);
  expect(clockMs("90:00")).toBe(5_400_000);
  expect(() => clockMs("5")).toThrow("not mm:ss");
  expect(storyTimeText(storyBeginMs + 3_723_000)).toBe("01:02:03");
});
