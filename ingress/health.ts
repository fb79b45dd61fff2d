/** Whether the process lives and can take alerts, for probes of both families; never a key. */
import { type HttpResponse, type Route, json } from "./http.ts";

export type Readiness = { ready: boolean; reasons: string[] };

export function register(route: Route, deps: { ready(): Readiness }): void {
  route("GET", "/health/live", () => json(200, { status: "live" }), "open");
  const isReady = (): HttpResponse => {
    const { ready, reasons } = deps.ready();
    return json(ready ? 200 : 503, { status: ready ? "ready" : "not ready", reasons });
  };
  route("GET", "/health/ready", isReady, "open");
  route("GET", "/-/healthy", () => text(200, "OK"), "open");
  const isReadyText = (): HttpResponse => {
    const { ready, reasons } = deps.ready();
    return text(ready ? 200 : 503, ready ? "OK" : reasons.join("\n"));
  };
  route("GET", "/-/ready", isReadyText, "open");
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}
