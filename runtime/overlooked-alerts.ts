/**
 * Alerts that began to fire before there were routes are unknown to dispatching: their senders
 * repeat them, and a repeat has no content. When routes are new, what fires is looked through,
 * and what dispatching does not know is handed over to it.
 */
import type { ListedAlert } from "./alert-list.ts";
import type { Clock, Logger } from "./ports.ts";
import type { AlertLists, DispatchService } from "./services.ts";

export type OverlookedOptions = {
  alerts: AlertLists;
  dispatch: DispatchService;
  clock: Clock;
  log: Logger;
  /** Whether the configuration in force has routes; partitions hear of it a moment later. */
  hasRoutes(): boolean;
};

const pageAlerts = 500;
/** Routes that are older were looked after by the process that brought them. */
const newForMs = 10 * 60_000;
const askAgainMs = 200;
/** An alert on its way from stage to stage is not overlooked. */
const onItsWayMs = 3_000;

/** @returns how many alerts were handed over. @throws RetryableError; to repeat it is safe. */
export async function handOverOverlooked(
  options: OverlookedOptions,
  signal: AbortSignal,
): Promise<number> {
  const { alerts, dispatch, clock, log, hasRoutes } = options;
  let routedForMs: number | null = null;
  while (routedForMs === null) {
    if (signal.aborted || !hasRoutes()) return 0;
    routedForMs = await dispatch.routedForMs();
    if (routedForMs === null) await clock.sleep(askAgainMs, signal);
  }
  if (routedForMs > newForMs) return 0;
  let count = 0;
  for (let cursor: string | null = ""; cursor !== null && !signal.aborted; ) {
    const page = await alerts.list([], pageAlerts, cursor);
    cursor = page.cursor;
    const missing = await unknown(page.items, dispatch);
    if (missing.length === 0) continue;
    await clock.sleep(onItsWayMs, signal);
    if (signal.aborted) break;
    const overlooked = await unknown(missing, dispatch);
    await dispatch.takeOver(overlooked);
    count += overlooked.length;
  }
  if (count > 0) log.info({ alerts: count }, "alerts from before there were routes are routed");
  return count;
}

async function unknown(
  alerts: readonly ListedAlert[],
  dispatch: DispatchService,
): Promise<ListedAlert[]> {
  const known = await dispatch.alerts(alerts);
  return alerts.filter(({ fingerprint }) => !known.has(fingerprint));
}
