/** What the process and its analytics child say to each other. */
import type { EngineTarget } from "./engine.ts";
import type { SinkStatus } from "./sink.ts";

export type ToAnalytics =
  | {
      kind: "start";
      target: EngineTarget;
      natsUrl: string;
      /** Whole days that events are kept; null: for ever. */
      retentionDays: number | null;
    }
  | { kind: "query"; id: number; sql: string; format: string }
  | { kind: "stop" };

export type FromAnalytics =
  | { kind: "ready"; version: string }
  | { kind: "sink"; status: SinkStatus }
  | { kind: "result"; id: number; text: string }
  /** `terminal`: the same statement would fail again. */
  | { kind: "failed"; id: number; terminal: boolean; message: string }
  | { kind: "log"; level: "debug" | "info" | "warn" | "error"; fields: object; message: string }
  /** The engine cannot be opened now; the child ends after this. */
  | { kind: "cannotStart"; message: string };
