import { scripts } from "../generator/scripts.ts";
import { SlowClients } from "../slow/slow-clients.ts";
import type { SlowReport } from "../slow/slow-clients.ts";
import { atLeast, atMost, readable } from "../result/verdict.ts";
import type { Ground, Load, Scenario } from "../scenario.ts";

const clients = 120;

export const slow: Scenario = {
  name: "slow",
  question: "clients that drip, stall or never read: do others notice, are the bad cut off?",
  seconds: 40,
  needsRate: true,
  async run(ground) {
    const load = ground.start(scripts.slow);
    ground.show(...load.records);
    const seen = await slowClients(ground, load);
    ground.expect(
      ...(await load.ended),
      atLeast("slow but honest bodies that got a 200", seen.honestAccepted, 1, ""),
      atMost("slow but honest bodies refused", seen.honestRefused, 0, ""),
      atLeast("stalled connections that the server closed", seen.stalledClosed, 1, ""),
    );
    const [alone = 0, beside = 0] = load.records.map(({ latency }) => latency.at(0.95));
    ground.note(
      `p95 ${readable(alone)} ms alone, ${readable(beside)} ms beside slow clients; of these, ` +
        `${seen.opened} connections opened, ${seen.stalledClosed} stalled ones closed by the ` +
        `server, ${seen.deafClosed} that never read`,
    );
  },
};

/** They are there during the load's second phase: no k6 can send a body byte by byte. */
async function slowClients(ground: Ground, load: Load): Promise<SlowReport> {
  const beside = load.records.at(-1)!;
  await load.until(beside, "begin");
  ground.say(`  ${clients} slow clients join …`);
  const slowly = new SlowClients(ground.target, clients);
  try {
    await load.until(beside, "end");
  } finally {
    return await slowly.stop();
  }
}
