import { defineChange } from "../change-command.ts";
import type { ChangeBody } from "../change-command.ts";
import { usageError } from "../define-command.ts";

export const command = defineChange({
  name: "split",
  summary: "say that some alerts of an incident are another trouble",
  usage: "ID --alerts FINGERPRINT,… [--reason TEXT] [--by NAME]",
  about:
    "Moves alerts of an incident into one of their own, which tells people as new ones do.\n" +
    "From then on correlation keeps the two apart; merging them by hand takes that back.",
  optionsHelp:
    "  --alerts FINGERPRINT,…  which ones, as `tocsin why` shows them; the ID of an incident\n" +
    "               that was merged into it stands for the alerts that it brought\n" +
    "  --reason TEXT  why, for the timeline\n",
  examples: [
    "tocsin split inc-3-1a --alerts 91f2c07d1c3e0f4a,0b3c2d4e5f6a7b8c",
    'tocsin split inc-3-1a --alerts inc-3-0z --reason "the certificate is a trouble of its own"',
  ],
  options: { alerts: "text", reason: "text" },
  body(flags) {
    const split = (flags.text("alerts") ?? "").split(",").filter((name) => name !== "");
    if (split.length === 0) throw usageError("say which alerts are split off with --alerts");
    const reason = flags.text("reason");
    const body: ChangeBody = { split };
    if (reason !== null) body["reason"] = reason;
    return body;
  },
  done: () => "is an incident of its own",
});
