/**
 * What became of recent requests, by their id. It is kept in memory only: a request of before a
 * restart, or of long ago, is not known.
 */

export type RequestOutcome = {
  /** "Create", "Close", …: Opsgenie's word for it. */
  action: string;
  isSuccess: boolean;
  status: string;
  processedAtMs: number;
  alertId: string;
  alias: string;
  tenant: string | null;
};

const requestsMax = 10_000;

export class RequestOutcomes {
  private readonly byId = new Map<string, RequestOutcome>();

  note(requestId: string, outcome: RequestOutcome): void {
    this.byId.set(requestId, outcome);
    if (this.byId.size <= requestsMax) return;
    const [oldest] = this.byId.keys();
    if (oldest !== undefined) this.byId.delete(oldest);
  }

  find(requestId: string): RequestOutcome | null {
    return this.byId.get(requestId) ?? null;
  }
}
