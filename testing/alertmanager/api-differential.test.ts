import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { badReads, badWrites, reads } from "./api-requests.ts";
import { alertmanagerProgram } from "./installed.ts";
import { configuration } from "./api-state.ts";
import { prepare } from "./api-state.ts";
import { Twins } from "./twins.ts";

describe.skipIf(alertmanagerProgram === undefined)("x", () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = await Twins.start(configuration);
    await prepare(twins);
  });
  afterAll(() => twins.stop());
  test("explore", async () => {
    for (const path of reads) {
      const [a, b] = await twins.both("GET", path);
      console.log(path, a.status, b.status, "\n T", JSON.stringify(a.body), "\n A", JSON.stringify(b.body));
    }
    for (const path of badReads) {
      const [a, b] = await twins.both("GET", path);
      console.log(path, a.status, b.status, "\n T", JSON.stringify(a.body), "\n A", JSON.stringify(b.body));
    }
    for (const { method = "POST", path, body } of badWrites) {
      const [a, b] = await twins.both(method, path, body);
      console.log(method, path, JSON.stringify(body), a.status, b.status, "\n T", JSON.stringify(a.body), "\n A", JSON.stringify(b.body));
    }
  });
});
