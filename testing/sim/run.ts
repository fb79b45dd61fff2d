/**
 * `npm run sim -- --seed N [--seeds K]`: runs seeds N to N+K-1 and stops at the first failure,
 * with what a person needs to see it again.
 */
import { parseArgs } from "node:util";
import { simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
  },
});
const first = Number(values.seed);
const count = Number(values.seeds);
if (!Number.isInteger(first) || !Number.isInteger(count) || count < 1) {
  process.stderr.write("usage: npm run sim -- --seed N [--seeds K], both whole numbers\n");
  process.exit(2);
}
for (let seed = first; seed < first + count; seed++) {
  const result = await simulate(seed);
  const { virtualMs, actions, records, owners } = result.stats;
  if (result.failure !== null) {
    process.stdout.write(`${result.report}\n`);
    process.exit(1);
  }
  process.stdout.write(
    `seed ${seed}: fine (${Math.round(virtualMs / 1_000)} s simulated, ${actions} actions, ` +
      `${records} records, ${owners} owners)\n`,
  );
}
