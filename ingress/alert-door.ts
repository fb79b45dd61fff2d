/**
 * A door: an HTTP server with the ways in for alerts and the batcher behind them. There is one in
 * the main thread, which also serves everything else, and there may be more in threads of their
 * own, on the same port. Each owns its last step of ingest's drain: nothing is open or on its way
 * when `close` resolves, or it was told so.
 */
import type { TocsinConfig } from "../runtime/config/types.ts";
import type { Logger } from "../runtime/ports.ts";
import type { Admission } from "./admission.ts";
import { FrameIntake } from "./alert-intake.ts";
import * as alertmanager from "./alertmanager.ts";
import { type BatchPlaces, Batcher, type PublishBundle } from "./batcher.ts";
import * as cloudevents from "./cloudevents.ts";
import { HttpServer, defaultHttpLimits } from "./http-server.ts";
import type { Handler } from "./http.ts";
import { LagGate } from "./lag-gate.ts";
import * as native from "./native.ts";
import { type IngressReadings, readingsOf } from "./readings.ts";

export type DoorPorts = {
  ingest: TocsinConfig["ingest"];
  redaction: TocsinConfig["redaction"];
  places: BatchPlaces;
  log: Logger;
  publishBundle: PublishBundle;
  /** The largest frame that the log takes. */
  frameBytesMax: number;
  /** How late an alert accepted now would be processed, ms. */
  lagMs(): number;
  nowMs(): number;
  /** Any number unknown to senders. */
  cacheSeed: number;
  /** Other doors listen on the same port. */
  sharePort: boolean;
  /** Serves what has no route here; null: 404. */
  elsewhere: Handler | null;
  /** Null: no API keys are asked for. */
  admission: Admission | null;
  routePrefix: string;
};

export class AlertDoor {
  readonly server: HttpServer;
  readonly intake: FrameIntake;
  readonly batcher: Batcher;
  readonly admission: Admission | null;

  constructor(ports: DoorPorts) {
    this.batcher = openBatcher(ports);
    this.admission = ports.admission;
    const intake = new FrameIntake({
      batcher: this.batcher,
      gate: new LagGate(ports.lagMs, ports.ingest.lagMsMax),
      nowMs: ports.nowMs,
      resolveTimeoutMs: ports.ingest.resolveTimeoutMs,
      cacheSeed: ports.cacheSeed,
      redaction: ports.redaction,
    });
    this.intake = intake;
    this.server = openServer(ports);
    const { route } = this.server;
    alertmanager.register(route, { intake });
    native.register(route, { intake });
    cloudevents.register(route, { intake });
  }

  readings(): IngressReadings {
    return readingsOf(this);
  }

  /** Accepts no more, answers what is in flight for at most `graceMs`, then awaits its frames. */
  async close(graceMs: number): Promise<void> {
    await this.server.drain(graceMs);
    await this.batcher.drained();
  }
}

function openBatcher({ ingest, places, publishBundle, frameBytesMax }: DoorPorts): Batcher {
  const { frameBytesTarget, lingerMs, framesInFlightMax, pendingBytesMax } = ingest;
  return new Batcher(places, publishBundle, {
    frameBytesTarget: Math.min(frameBytesTarget, frameBytesMax),
    frameBytesMax,
    lingerMs,
    framesInFlightMax,
    pendingBytesMax,
  });
}

function openServer(ports: DoorPorts): HttpServer {
  const { ingest, log, sharePort, elsewhere, admission, routePrefix } = ports;
  const { bodyBytesMax, bodyTimeoutMs, requestsInFlightMax } = ingest;
  return new HttpServer({
    log,
    sharePort,
    elsewhere,
    admission,
    routePrefix,
    limits: {
      bodyBytesMax,
      bodyDeadlineMs: bodyTimeoutMs,
      requestsInFlightMax,
      // Room for the largest body and its inflated form, or it could never be taken.
      bufferedBytesMax: Math.max(defaultHttpLimits.bufferedBytesMax, 2 * bodyBytesMax),
    },
  });
}
