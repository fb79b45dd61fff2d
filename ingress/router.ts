/**
 * Finds the handler of a method and path. Exact paths are one map look-up; patterns with
 * `:names` are tried in the order of their registration.
 */
import type { Access, Handler, Route } from "./http.ts";

export type Found = {
  kind: "found";
  handler: Handler;
  access: Access;
  params: Record<string, string>;
};
type Methods = Map<string, Found>;
type Pattern = { segments: string[]; methods: Methods };

export type Match =
  | Found
  /** `allow` lists the methods that this path has. */
  | { kind: "wrongMethod"; allow: string }
  | { kind: "badPath" }
  | { kind: "notFound" };

const noParams: Record<string, string> = Object.freeze({});

export class Router {
  private readonly exact = new Map<string, Methods>();
  private readonly patterns: Pattern[] = [];

  /** @throws Error when the same method and pattern are registered twice. */
  readonly route: Route = (method, pattern, handler, access = accessDefault(method)) => {
    const methods = this.methodsOf(pattern);
    if (methods.has(method)) throw new Error(`${method} ${pattern} is registered twice`);
    methods.set(method, { kind: "found", handler, access, params: noParams });
  };

  /**
   * HEAD finds the handler of GET, unless it has its own. A slash at the end makes no difference:
   * some clients end every path with one (Opsgenie's for Node).
   */
  match(method: string, path: string): Match {
    const match = this.find(method, path);
    if (match.kind !== "notFound" || path.length === 1 || !path.endsWith("/")) return match;
    return this.find(method, path.slice(0, -1));
  }

  private find(method: string, path: string): Match {
    const methods = this.exact.get(path);
    if (methods !== undefined) return pick(methods, method);
    const segments = path.split("/");
    for (const pattern of this.patterns) {
      if (!fits(pattern.segments, segments)) continue;
      const params = paramsOf(pattern.segments, segments);
      if (params === null) return { kind: "badPath" };
      const picked = pick(pattern.methods, method);
      return picked.kind === "found" ? { ...picked, params } : picked;
    }
    return { kind: "notFound" };
  }

  private methodsOf(pattern: string): Methods {
    const isExact = !pattern.includes("/:");
    const segments = pattern.split("/");
    const known = isExact
      ? this.exact.get(pattern)
      : this.patterns.find((other) => other.segments.join("/") === pattern)?.methods;
    if (known !== undefined) return known;
    const methods: Methods = new Map();
    if (isExact) this.exact.set(pattern, methods);
    else this.patterns.push({ segments, methods });
    return methods;
  }
}

/** What changes something needs the most, unless its route says otherwise. */
function accessDefault(method: string): Access {
  if (method === "GET" || method === "HEAD") return "read";
  return method === "OPTIONS" ? "open" : "admin";
}

function pick(methods: Methods, method: string): Match {
  const found = methods.get(method) ?? (method === "HEAD" ? methods.get("GET") : undefined);
  if (found !== undefined) return found;
  const allowed = [...methods.keys()];
  if (methods.has("GET") && !methods.has("HEAD")) allowed.push("HEAD");
  return { kind: "wrongMethod", allow: allowed.sort().join(", ") };
}

function fits(pattern: string[], segments: string[]): boolean {
  if (pattern.length !== segments.length) return false;
  return pattern.every((part, index) =>
    part.startsWith(":") ? segments[index] !== "" : part === segments[index],
  );
}

/** @returns null when a segment is not valid percent-encoding. */
function paramsOf(pattern: string[], segments: string[]): Record<string, string> | null {
  const params: Record<string, string> = {};
  try {
    pattern.forEach((part, index) => {
      if (part.startsWith(":")) params[part.slice(1)] = decodeURIComponent(segments[index] ?? "");
    });
    return params;
  } catch {
    return null;
  }
}
