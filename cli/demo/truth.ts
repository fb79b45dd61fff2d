/**
 * The truth about a storm: a line for each cause and for each distinct alert, as they first
 * appear. What was found out about the alerts can be judged by it.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { CommandFailure } from "../define-command.ts";
import { plain } from "../plain-text.ts";
import type { TimedAlert } from "./storm.ts";

/** Counts always; writes only if there is a file. */
export class Truth {
  #file: Writable | null = null;
  #failure: CommandFailure | null = null;
  #causes = new Set<string>();
  #noise = 0;
  #identities = 0;

  static async open(path: string | null): Promise<Truth> {
    const truth = new Truth();
    if (path === null) return truth;
    const file = createWriteStream(path);
    file.on("error", (error) => {
      truth.#failure = new CommandFailure(`--truth: cannot write ${plain(path)}: ${error.message}`);
    });
    await once(file, "open").catch(() => {});
    if (truth.#failure !== null) throw truth.#failure;
    truth.#file = file;
    return truth;
  }

  async note(alert: TimedAlert): Promise<void> {
    if (!alert.first) return;
    const { id, kind, about, pages, order, root, series } = alert.cause;
    this.#identities += 1;
    if (!this.#causes.has(id)) {
      this.#causes.add(id);
      if (kind === "noise") this.#noise += 1;
      const missing = series.filter((one) => one.missing).map(({ labels }) => labels);
      const more = { pages, order, root_service: root.service, root_alertname: root.alertname };
      const rootLabels = series[0]?.labels;
      await this.#write({
        ...{ type: "cause", cause: id, kind, about, ...more, root: rootLabels, missing },
      });
    }
    await this.#write({ type: "alert", cause: id, kind, labels: alert.labels });
  }

  counts(): { alerts_distinct: number; true_causes: number; of_them_noise: number } {
    return {
      alerts_distinct: this.#identities,
      true_causes: this.#causes.size,
      of_them_noise: this.#noise,
    };
  }

  async close(): Promise<void> {
    if (this.#file === null) return;
    this.#file.end();
    await finished(this.#file).catch(() => {});
    if (this.#failure !== null) throw this.#failure;
  }

  async #write(line: object): Promise<void> {
    if (this.#file === null) return;
    if (this.#failure !== null) throw this.#failure;
    if (!this.#file.write(`${JSON.stringify(line)}\n`)) {
      await once(this.#file, "drain").catch(() => {});
    }
  }
}
