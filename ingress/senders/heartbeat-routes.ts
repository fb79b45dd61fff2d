/**
 * Opsgenie's heartbeat API: /v2/heartbeats. A ping is answered when it is durable; one that does
 * not come in time becomes an alert, and the next ping ends it.
 */
import {
  type Heartbeat,
  type HeartbeatUnit,
  heartbeatDaysMax,
  heartbeatUnits,
} from "../../runtime/heartbeat.ts";
import type { Route } from "../http.ts";
import type { HeartbeatKeeper, HeartbeatOutcome } from "./heartbeat-keeper.ts";
import { heartbeatsMax } from "./heartbeat-keeper.ts";
import { readPriority } from "./opsgenie-alert.ts";
import {
  type OpsgenieAnswer,
  type OpsgenieCall,
  opsgenieBody,
  opsgenieHandler,
  refusalOf,
  refused,
  unprocessable,
} from "./opsgenie-exchange.ts";
import { type JsonObject, fieldOf, isObject, textField, timeText } from "./sender.ts";
import type { SenderDeps } from "./sender-deps.ts";
import { opsgeniePriorityDefault } from "./severity-words.ts";

const namePattern = /^[A-Za-z0-9_.-]{1,200}$/;
const limits = { descriptionMax: 1_000, messageMax: 1_000, tagsMax: 20, tagMax: 50, teamMax: 100 };
const units = Object.keys(heartbeatUnits) as HeartbeatUnit[];

type Name = Pick<Heartbeat, "tenant" | "name">;
type Errors = Record<string, string>;

export function registerHeartbeats(
  route: Route,
  deps: SenderDeps,
  keeper: HeartbeatKeeper,
): void {
  const ingest = (answer: (call: OpsgenieCall) => Promise<OpsgenieAnswer>) =>
    opsgenieHandler(deps, "ingest", answer);
  const read = (answer: (call: OpsgenieCall) => Promise<OpsgenieAnswer>) =>
    opsgenieHandler(deps, "read", answer);
  const path = "/v2/heartbeats/:name";
  route("POST", "/v2/heartbeats", ingest((call) => create(call, keeper)));
  route("GET", "/v2/heartbeats", read(async ({ principal }) => ({
    status: 200,
    body: { data: { heartbeats: keeper.list(principal.tenant).map(viewOf) } },
  })));
  route("GET", path, read(async (call) => {
    const found = keeper.get(nameOf(call));
    return found === null ? absent(call) : { status: 200, body: { data: viewOf(found) } };
  }));
  route("PATCH", path, ingest((call) => update(call, keeper)));
  route("DELETE", path, ingest(async (call) => {
    if (keeper.get(nameOf(call)) === null) return absent(call);
    const outcome = await keeper.change(nameOf(call), () => null);
    return refusalIn(outcome) ?? { status: 202, body: { code: 200, result: "Deleted" } };
  }));
  for (const method of ["GET", "POST", "PUT"] as const) {
    route(method, `${path}/ping`, ingest(async (call) => {
      const outcome = await keeper.ping(nameOf(call));
      const pong = { status: 202, body: { result: "PONG - Heartbeat received" } };
      return refusalIn(outcome) ?? (isNone(outcome) ? absent(call) : pong);
    }));
  }
  for (const method of ["POST", "PUT"] as const) {
    route(method, `${path}/enable`, ingest((call) => setEnabled(call, keeper, true)));
    route(method, `${path}/disable`, ingest((call) => setEnabled(call, keeper, false)));
  }
}

async function create(call: OpsgenieCall, keeper: HeartbeatKeeper): Promise<OpsgenieAnswer> {
  const read = opsgenieBody(call.request, false);
  if ("refused" in read) return read.refused;
  const name = textField(read.object, "name");
  const errors: Errors = {};
  if (!namePattern.test(name)) {
    errors["name"] = "Name must have 1 to 200 letters, digits, _ . and -.";
  }
  const { tenant } = call.principal;
  const made = readFields(read.object, blank(tenant, name), errors, ["interval", "intervalUnit"]);
  if (Object.keys(errors).length > 0) return unprocessable(errors);
  if (keeper.get(made) !== null) {
    return refused(409, `Heartbeat with name [${name}] already exists`);
  }
  if (keeper.list(null).length >= heartbeatsMax) {
    return refused(422, `there are ${heartbeatsMax} heartbeats, and no more are kept`);
  }
  // Whoever comes second, at the same time, gets the first one's.
  const outcome = await keeper.change(made, (now) => now ?? made);
  return refusalIn(outcome) ?? { status: 201, body: { code: 201, data: viewIn(outcome) } };
}

async function update(call: OpsgenieCall, keeper: HeartbeatKeeper): Promise<OpsgenieAnswer> {
  const read = opsgenieBody(call.request, false);
  if ("refused" in read) return read.refused;
  const now = keeper.get(nameOf(call));
  if (now === null) return absent(call);
  const errors: Errors = {};
  readFields(read.object, now, errors, []);
  if (Object.keys(errors).length > 0) return unprocessable(errors);
  const outcome = await keeper.change(now, (last) =>
    last === null ? null : readFields(read.object, last, {}, []),
  );
  if (isNone(outcome)) return absent(call);
  return refusalIn(outcome) ?? { status: 200, body: { code: 200, data: viewIn(outcome) } };
}

async function setEnabled(
  call: OpsgenieCall,
  keeper: HeartbeatKeeper,
  enabled: boolean,
): Promise<OpsgenieAnswer> {
  const outcome = await keeper.change(nameOf(call), (now) =>
    now === null || now.enabled === enabled ? now : enabledAs(now, enabled),
  );
  if (isNone(outcome)) return absent(call);
  const { name } = call.request.params;
  const data = { name, enabled, expired: false };
  return refusalIn(outcome) ?? { status: 200, body: { code: 200, data } };
}

/** Nothing is expected of it before the next ping. */
function enabledAs(heartbeat: Heartbeat, enabled: boolean): Heartbeat {
  return { ...heartbeat, enabled, lastPingAtMs: null, missedAtMs: null };
}

function blank(tenant: string | null, name: string): Heartbeat {
  return {
    ...{ tenant, name, description: "", interval: 10, intervalUnit: "minutes", enabled: true },
    ...{ ownerTeam: "", alertMessage: "", alertTags: [], alertPriority: opsgeniePriorityDefault },
    ...{ lastPingAtMs: null, missedAtMs: null },
  };
}

/** The heartbeat with the fields that the body has. @param required fields it must have. */
function readFields(
  body: JsonObject,
  now: Heartbeat,
  errors: Errors,
  required: string[],
): Heartbeat {
  for (const name of required) if (fieldOf(body, name) === undefined) errors[name] = "is missing";
  const given = <T>(name: string, fallback: T, read: (value: unknown) => T | Fault): T => {
    const value = fieldOf(body, name);
    const found = value === undefined || value === null ? fallback : read(value);
    if (!(found instanceof Fault)) return found;
    errors[name] ??= found.expected;
    return fallback;
  };
  const text = (name: string, fallback: string, max: number): string =>
    given(name, fallback, (value) => {
      const isGood = typeof value === "string" && value.length <= max;
      return isGood ? value : new Fault(`a text of at most ${max} characters`);
    });
  const intervalUnit = given("intervalUnit", now.intervalUnit, (value) => {
    const known = units.find((unit) => unit === value);
    return known ?? new Fault(`one of ${units.join(", ")}`);
  });
  const enabled = given("enabled", now.enabled, (value) =>
    typeof value === "boolean" ? value : new Fault("true or false"),
  );
  const changed: Heartbeat = {
    ...now,
    ...{ intervalUnit, enabled },
    interval: given("interval", now.interval, (value) => readInterval(value, intervalUnit)),
    description: text("description", now.description, limits.descriptionMax),
    ownerTeam: given("ownerTeam", now.ownerTeam, readTeam),
    alertMessage: text("alertMessage", now.alertMessage, limits.messageMax),
    alertTags: given("alertTags", now.alertTags, readTags),
    alertPriority: given("alertPriority", now.alertPriority, (value) => {
      const wrong: Errors = {};
      const priority = readPriority(value, wrong);
      return wrong["priority"] === undefined ? priority : new Fault("one of P1, P2, P3, P4, P5");
    }),
  };
  return enabled === now.enabled ? changed : enabledAs(changed, enabled);
}

/** Instead of a value. */
class Fault {
  readonly expected: string;

  constructor(expected: string) {
    this.expected = `must be ${expected}`;
  }
}

function readInterval(value: unknown, unit: HeartbeatUnit): number | Fault {
  const max = (heartbeatDaysMax * heartbeatUnits.days) / heartbeatUnits[unit];
  const isGood = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;
  return isGood ? Number(value) : new Fault(`a whole number from 1 to ${max} ${unit}`);
}

function readTeam(value: unknown): string | Fault {
  if (!isObject(value)) return new Fault("an object with the name or the id of a team");
  return (textField(value, "name") || textField(value, "id")).slice(0, limits.teamMax);
}

/** Official clients send one tag as a text. */
function readTags(value: unknown): string[] | Fault {
  const tags: unknown[] = typeof value === "string" ? value.split(",") : [value].flat();
  const isGood = (tag: unknown): tag is string =>
    typeof tag === "string" && tag.length <= limits.tagMax;
  if (tags.length <= limits.tagsMax && tags.every(isGood)) {
    return tags.map((tag) => tag.trim()).filter((tag) => tag !== "");
  }
  return new Fault(`at most ${limits.tagsMax} texts of at most ${limits.tagMax} characters`);
}

function viewOf(heartbeat: Heartbeat): object {
  const { tenant: _, lastPingAtMs, missedAtMs, ownerTeam, ...rest } = heartbeat;
  return {
    ...rest,
    expired: missedAtMs !== null,
    ownerTeam: { id: ownerTeam, name: ownerTeam },
    lastPingTime: lastPingAtMs === null ? null : timeText(lastPingAtMs),
  };
}

function nameOf({ request, principal }: OpsgenieCall): Name {
  return { tenant: principal.tenant, name: request.params["name"] ?? "" };
}

const absent = ({ request }: OpsgenieCall): OpsgenieAnswer =>
  refused(404, `Heartbeat with name [${request.params["name"]?.slice(0, 200)}] does not exist`);

const isNone = (outcome: HeartbeatOutcome): boolean =>
  outcome.kind === "done" && outcome.heartbeat === null;

function refusalIn(outcome: HeartbeatOutcome): OpsgenieAnswer | null {
  return outcome.kind === "refused" ? refusalOf(outcome.result) : null;
}

function viewIn(outcome: HeartbeatOutcome): object | null {
  if (outcome.kind === "refused" || outcome.heartbeat === null) return null;
  return viewOf(outcome.heartbeat);
}
