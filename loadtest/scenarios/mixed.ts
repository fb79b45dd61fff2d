import type { Phase, Work } from "../load/phase.ts";
import { serves } from "../endpoint-checks.ts";
import { steadyChecks } from "../result/verdict.ts";
import type { Scenario } from "../scenario.ts";

const rateShare = 0.5;
const perSecond = { incidents: 20, acknowledge: 4, firing: 2, sql: 1 };

export const mixed: Scenario = {
  name: "mixed",
  question: "people and programs read, acknowledge and query while alerts come in: is all swift?",
  seconds: 30,
  needsRate: true,
  async run(ground) {
    const { settings, seconds, target } = ground;
    const reads = (kind: keyof typeof perSecond): Phase => {
      const work: Work = { kind };
      const pace = { kind: "open" as const, requestsPerSecond: perSecond[kind] };
      return { name: kind, work, pace, seconds };
    };
    const phases = [
      ground.alerts("writes", settings.rate * rateShare, seconds),
      reads("incidents"),
      reads("acknowledge"),
    ];
    if (await serves(target, "/api/v2/alerts")) phases.push(reads("firing"));
    else ground.note("this server has no GET /api/v2/alerts: left out");
    phases.push(reads("sql"));
    const records = await Promise.all(phases.map((phase) => ground.run(phase)));
    ground.show(...records);
    for (const record of records) ground.expect(...steadyChecks(record, settings.limits));
  },
};
