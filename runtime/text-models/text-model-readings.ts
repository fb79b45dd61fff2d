/** What text models have done since the start, for /metrics. */
import type { ModelReadings } from "./limited-model.ts";
import type { RelationCounts } from "./relation-worker.ts";

export type TextModelReadings = { incidents: RelationCounts; models: ModelReadings[] };
