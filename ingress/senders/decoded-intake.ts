/** From decoded alerts to the intake and back: what is refused keeps its place in the request. */
import type { AlertOwner, IntakeResult } from "../../runtime/services.ts";
import type { FormatIntake } from "../alert-intake.ts";
import type { Decoded, SentAlert } from "./sender.ts";

export async function submitDecoded(
  intake: FormatIntake,
  decoded: Decoded<unknown>,
  source: string,
  owner?: AlertOwner,
): Promise<IntakeResult> {
  const body = Buffer.from(JSON.stringify(decoded.alerts));
  const result = await intake.submitWith(body, decoded.refused, source, owner);
  if (result.kind !== "accepted") return result;
  // The intake lists what it refused itself first, by the alert's place; then ours.
  const own = result.rejected.length - decoded.refused.length;
  const rejected = result.rejected.map((alert, place) =>
    place < own ? { ...alert, index: decoded.places[alert.index] ?? alert.index } : alert,
  );
  return { ...result, rejected };
}

/** One alert of a sender whose answer is yes or no. */
export function submitOne(
  intake: FormatIntake,
  alert: SentAlert,
  source: string,
  owner: AlertOwner,
): Promise<IntakeResult> {
  return submitDecoded(intake, { alerts: [alert], places: [0], refused: [] }, source, owner);
}
