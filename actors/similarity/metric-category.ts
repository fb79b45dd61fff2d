import type { Role } from "../correlation/evidence.ts";
export type Category = { category: string; role: Role; rank: number };
const table: [RegExp, string, Role, number][] = [
  [/certificate/i, "certificate", "cause", 1],
  [/rollout|deploy|config.?change|feature.?flag/i, "change", "cause", 1],
  [/failover/i, "failover", "cause", 1],
  [/traffic.?surge|tenanttraffic/i, "traffic", "cause", 1],
  [/ratelimit|quota/i, "quota", "cause", 1],
  [/gpu.*memory|oom|outofmemory/i, "gpu", "cause", 1],
  [/spend|cost|budget.?usd/i, "cost", "cause", 1],
  [/disk|volume.*full|filling/i, "disk", "cause", 1],
  [/backup|cron|buildqueue|vulnerab|clock|fan|logvolume|scrape|memoryaboverequest/i, "job", "cause", 5],
  [/accuracy|eval/i, "model quality", "cause", 1],
  [/hallucin|toxic|faithful|schema|toolcall/i, "output quality", "symptom", 6],
  [/thumbs|regeneration|feedback/i, "feedback", "feedback", 8],
  [/packet|network/i, "network", "resource", 1],
  [/dnsresol|dns/i, "dns", "resource", 2],
  [/host|node/i, "availability", "resource", 2],
  [/storage|volume|replica|broker/i, "storage", "resource", 3],
  [/budgetburn|slo/i, "slo", "feedback", 8],
  [/latency|timetofirst|throughput|timeout/i, "latency", "symptom", 6],
  [/error|fail/i, "errors", "symptom", 6],
  [/queue|lag|backlog|saturat|exhaust|pool|connections|evict|hitrate|pressure/i, "saturation", "symptom", 5],
  [/crash|restart|notready/i, "availability", "symptom", 5],
];
const memo = new Map<string, Category>();
export function categoryOf({ alertname }: { alertname: string; labels: unknown; summary: string }): Category {
  const known = memo.get(alertname);
  if (known) return known;
  const found = table.find(([re]) => re.test(alertname));
  const c = found ? { category: found[1], role: found[2], rank: found[3] } : { category: "unknown", role: "symptom" as Role, rank: 5 };
  memo.set(alertname, c);
  return c;
}
