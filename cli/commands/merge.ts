import { defineChange } from "../change-command.ts";
import { usageError } from "../define-command.ts";
import { findIncident } from "../incident-api.ts";

export const command = defineChange({
  name: "merge",
  summary: "merge incidents into another one",
  usage: "ID… --into ID [--by NAME]",
  about: "Moves the alerts of incidents into another one, which lives on in their place.",
  optionsHelp: "  --into ID    the incident that stays\n",
  examples: ["tocsin merge inc-3-1a --into inc-3-0z"],
  options: { into: "text" },
  async body(flags, api) {
    const into = flags.text("into");
    if (into === null) throw usageError("say which incident stays with --into ID");
    return { merge_into: (await findIncident(api, into)).id };
  },
  done: (incident) => `is merged into ${incident.merged_into ?? ""}`,
});
