import { SlowClients } from "../slow/slow-clients.ts";
import { atLeast, atMost, readable, steadyChecks } from "../result/verdict.ts";
import type { Scenario } from "../scenario.ts";

const rateShare = 0.5;
const clients = 120;
/** Of the time, the first part is without slow clients, to compare with. */
const aloneShare = 0.25;

export const slow: Scenario = {
  name: "slow",
  question: "clients that drip, stall or never read: do others notice, are the bad cut off?",
  seconds: 40,
  needsRate: true,
  async run(ground) {
    const { settings, seconds, target } = ground;
    const rate = settings.rate * rateShare;
    const alone = await ground.run(ground.alerts("alone", rate, seconds * aloneShare));
    const slowly = new SlowClients(target, clients);
    let beside;
    let seen;
    try {
      ground.say(`  ${clients} slow clients join …`);
      beside = await ground.run(ground.alerts("beside", rate, seconds * (1 - aloneShare)));
    } finally {
      seen = await slowly.stop();
    }
    ground.show(alone, beside);
    ground.expect(
      ...steadyChecks(alone, settings.limits),
      ...steadyChecks(beside, settings.limits),
      atLeast("slow but honest bodies that got a 200", seen.honestAccepted, 1, ""),
      atMost("slow but honest bodies refused", seen.honestRefused, 0, ""),
      atLeast("stalled connections that the server closed", seen.stalledClosed, 1, ""),
    );
    const [before, after] = [alone.latency.at(0.95), beside.latency.at(0.95)];
    ground.note(
      `p95 ${readable(before)} ms alone, ${readable(after)} ms beside slow clients; of these, ` +
        `${seen.opened} connections opened, ${seen.stalledClosed} stalled ones closed by the ` +
        `server, ${seen.deafClosed} that never read`,
    );
  },
};
