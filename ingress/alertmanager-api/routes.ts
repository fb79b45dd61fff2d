/**
 * Alertmanager's API v2, apart from POST /api/v2/alerts (alertmanager.ts), for amtool, Karma,
 * Grafana and whatever else reads from an Alertmanager.
 */
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { retryAfterSeconds } from "../http-exchange.ts";
import type { Handler, HttpRequest, HttpResponse, Route } from "../http.ts";
import { type AlertsDeps, listAlerts, listGroups } from "./alerts.ts";
import { answer, BadQuery } from "./query.ts";
import {
  deleteSilence,
  getSilence,
  listSilences,
  postSilence,
  type SilencesDeps,
} from "./silences.ts";

export type AlertmanagerDeps = AlertsDeps &
  SilencesDeps & {
    /** Names, in the order of the file. */
    receivers(): string[];
    /** The configuration as it may be shown; "" without one. */
    originalConfig(): string;
    startedAtMs: number;
    /** Of Tocsin. */
    version: string;
  };

/** The version of Alertmanager whose API this is; clients choose their dialect by it. */
export const apiVersion = "0.34.0";

/** Reads at once; as Alertmanager's own limit on a machine of up to eight processors. */
const getsMax = 8;

export function registerAlertmanagerApi(route: Route, deps: AlertmanagerDeps): void {
  const gets = { count: 0 };
  const get = (path: string, handle: (request: HttpRequest) => Promise<HttpResponse>): void =>
    route("GET", path, limited(gets, (request) => guarded(() => handle(request))));
  get("/api/v2/alerts", (request) => listAlerts(request, deps));
  get("/api/v2/alerts/groups", (request) => listGroups(request, deps));
  get("/api/v2/silences", (request) => listSilences(request, deps));
  get("/api/v2/silence/:id", (request) => getSilence(request, deps));
  get("/api/v2/status", async () => answer(200, status(deps)));
  get("/api/v2/receivers", async () =>
    answer(200, deps.receivers().map((name) => ({ name }))),
  );
  const post: Handler = (request) => guarded(() => postSilence(request, deps));
  const expire: Handler = (request) => guarded(() => deleteSilence(request, deps));
  route("POST", "/api/v2/silences", post, "respond");
  route("DELETE", "/api/v2/silence/:id", expire, "respond");
  for (const path of ["alerts", "alerts/groups", "silences", "status", "receivers"]) {
    route("GET", `/api/v1/${path}`, gone);
    route("POST", `/api/v1/${path}`, gone, "open");
  }
  route("GET", "/api/v1/silence/:id", gone);
  route("DELETE", "/api/v1/silence/:id", gone, "open");
}

function limited(gets: { count: number }, handler: Handler): Handler {
  return async (request) => {
    if (gets.count >= getsMax) {
      const body = `Limit of concurrent GET requests reached (${getsMax}), try again later.\n`;
      return { status: 503, headers: { "retry-after": "1", "content-type": "text/plain" }, body };
    }
    gets.count += 1;
    try {
      return await handler(request);
    } finally {
      gets.count -= 1;
    }
  };
}

async function guarded(handle: () => Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await handle();
  } catch (error) {
    if (error instanceof BadQuery || error instanceof TerminalError) {
      return answer(400, error.message);
    }
    if (!(error instanceof RetryableError)) throw error;
    const response = answer(503, `${error.message}; to repeat the request is safe`);
    const seconds = retryAfterSeconds(error);
    return { ...response, headers: { ...response.headers, "retry-after": String(seconds) } };
  }
}

function status(deps: AlertmanagerDeps): object {
  return {
    cluster: { name: "tocsin", peers: [], status: "ready" },
    config: { original: deps.originalConfig() },
    uptime: new Date(deps.startedAtMs).toISOString(),
    versionInfo: {
      branch: "tocsin",
      buildDate: "",
      buildUser: "",
      goVersion: "",
      revision: `tocsin-${deps.version}`,
      version: apiVersion,
    },
  };
}

const gone: Handler = () =>
  answer(410, {
    status: "deprecated",
    error: "The Alertmanager v1 API was removed; use /api/v2, which has all of it.",
  });
