/**
 * The family of a service: its name without what tells its copies apart. "checkout-7f9c-2",
 * "checkout-v2", "eu-checkout-03" and "checkout.prod.svc.cluster.local" are all "checkout".
 * What is left out: regions, versions and colours of deployments, shards and ordinals, random
 * endings of pods, the domain of a cluster. A name that is nothing else stays as it is.
 */

/** Of a name; the rest of a longer one is not looked at. */
const nameCharsMax = 200;

const directions = "north|south|east|west|central|northeast|northwest|southeast|southwest";
const area = /^(?:us|eu|ap|ca|sa|af|me|il|mx|cn|uk|na|apac|emea|latam|asia|europe)$/;
/** Areas that are a region without a direction behind them, too. */
const areaAlone = /^(?:us|eu|apac|emea|latam)$/;
const direction = new RegExp(`^(?:${directions})\\d*[a-z]?$`);
const wholeRegion = /^(?:us|eu|ap|ca|sa|af|me)(?:n|s|e|w|c|ne|nw|se|sw)\d[a-z]?$/;
const copyWords =
  /^(?:shard|replica|pod|az|zone|region|part|partition|instance|inst|idx|slot|worker\d+)$/;
const deployment = /^(?:v\d+|canary|blue|green|stable|baseline|primary|secondary)$/;
const ordinal = /^(?:\d+[a-z]?|r\d+|az\d+)$/;
/** With a digit and a letter, of the letters that pods' endings and hashes are made of. */
const randomEnding = /^(?=.*\d)(?=.*[a-z])(?:[0-9a-f]{4,}|[bcdfghjklmnpqrstvwxz2456789]{5,10})$/;

/** Names whose family is remembered, at most some 2 MiB; the oldest makes room. */
const knownMax = 4_096;
const known = new Map<string, string>();

/**
 * In lower case, parts joined by "-". "": of a name without letters or digits. It depends on the
 * name alone: what is remembered only saves time.
 */
export function serviceFamilyOf(service: string): string {
  const before = known.get(service);
  if (before !== undefined) return before;
  const family = familyIn(service);
  if (service.length > nameCharsMax) return family;
  if (known.size >= knownMax) {
    for (const oldest of known.keys()) {
      known.delete(oldest);
      break;
    }
  }
  known.set(service, family);
  return family;
}

function familyIn(service: string): string {
  const name = service.slice(0, nameCharsMax).toLowerCase().replace(/\.svc(?:\..*)?$/, ".svc");
  const parts = name.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== "");
  // The namespace stands between a service's name and "svc".
  if (parts.length >= 3 && parts.at(-1) === "svc") parts.splice(-2);
  const kept = parts.filter((part, at) => !tellsCopiesApart(parts, part, at)).map(withoutOrdinal);
  return (kept.length > 0 ? kept : parts).join("-");
}

function tellsCopiesApart(parts: string[], part: string, at: number): boolean {
  const [before = "", after = ""] = [parts[at - 1], parts[at + 1]];
  if (ordinal.test(part) || wholeRegion.test(part) || deployment.test(part)) return true;
  if (areaAlone.test(part) || (area.test(part) && direction.test(after))) return true;
  if (direction.test(part) && area.test(before)) return true;
  // "worker" alone is what a service does; before a number it is one of many.
  if (copyWords.test(part) && at > 0 && (after === "" || ordinal.test(after))) return true;
  return at > 0 && randomEnding.test(part);
}

/** "kafka3" is "kafka"; short names with a digit ("s3", "k8s", "ec2") are names. */
function withoutOrdinal(part: string): string {
  return /^\p{L}{4,}\d+$/u.test(part) ? part.replace(/\d+$/, "") : part;
}
