import { defineChange } from "../change-command.ts";

export const command = defineChange({
  name: "close",
  summary: "close resolved incidents for good",
  usage: "ID… [--by NAME]",
  about: "Closes resolved incidents; alerts that return then open new ones.",
  optionsHelp: "",
  examples: ["tocsin close inc-3-1a"],
  options: {},
  body: () => ({ status: "closed" }),
  done: () => "is closed",
});
