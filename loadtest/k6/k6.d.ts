/** What the scripts use of k6 1.x; k6 itself brings these modules. */
declare const __ENV: Record<string, string | undefined>;

declare module "k6" {
  export function sleep(seconds: number): void;
}

declare module "k6/http" {
  export type Answer = {
    /** 0: no answer. */
    status: number;
    error: string;
    error_code: number;
    headers: Record<string, string>;
    /** Null when bodies are discarded. */
    body: string | null;
    timings: { blocked: number; duration: number };
  };
  export type Params = {
    headers?: Record<string, string>;
    timeout?: string;
    responseType?: "none" | "text";
    tags?: Record<string, string>;
  };
  const http: {
    request(method: string, url: string, body: string | null, params?: Params): Answer;
  };
  export default http;
}

declare module "k6/metrics" {
  type Tags = Record<string, string>;
  export class Counter {
    constructor(name: string);
    add(value: number, tags?: Tags): void;
  }
  export class Gauge {
    constructor(name: string);
    add(value: number, tags?: Tags): void;
  }
  export class Trend {
    /** `isTime`: its values are milliseconds. */
    constructor(name: string, isTime?: boolean);
    add(value: number, tags?: Tags): void;
  }
}

declare module "k6/execution" {
  const execution: {
    /** The virtual user; from 1. */
    vu: { idInTest: number };
    scenario: {
      name: string;
      /** Unix time, ms. */
      startTime: number;
      /** Counts the scenario's iterations over all virtual users, from 0. */
      iterationInTest: number;
    };
  };
  export default execution;
}
