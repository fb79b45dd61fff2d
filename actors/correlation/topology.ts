import type { Dependencies } from "./graph.ts";

export type TopologyConfig = {
  dependencies: Dependencies;
  windowMs: number;
  /** Steps along dependencies that trouble is followed. */
  depthMax: number;
  /** Labels whose values speak for or against two alerts being of one trouble. */
  agree: string[];
};
