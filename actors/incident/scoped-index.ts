/**
 * A map of maps: key within scope. Two levels instead of one joined key, because the inner keys
 * are strings that the incidents hold anyway: joined ones would cost memory per incident.
 */
export class ScopedIndex<Value> {
  #scopes = new Map<string, Map<string, Value>>();
  /** The scope that was found last, which mostly is the next one. */
  #last: { scope: string; keys: Map<string, Value> } | null = null;

  get(scope: string, key: string): Value | undefined {
    return this.#keysOf(scope)?.get(key);
  }

  /** All of a scope, to be asked for many keys; it must not be changed by the caller. */
  scope(scope: string): ReadonlyMap<string, Value> | undefined {
    return this.#keysOf(scope);
  }

  set(scope: string, key: string, value: Value): void {
    let keys = this.#keysOf(scope);
    if (keys === undefined) {
      keys = new Map();
      this.#scopes.set(scope, keys);
    }
    keys.set(key, value);
  }

  /** An empty scope is dropped with its last key. */
  delete(scope: string, key: string): void {
    const keys = this.#keysOf(scope);
    if (keys === undefined) return;
    keys.delete(key);
    if (keys.size > 0) return;
    this.#scopes.delete(scope);
    this.#last = null;
  }

  #keysOf(scope: string): Map<string, Value> | undefined {
    if (this.#last?.scope === scope) return this.#last.keys;
    const keys = this.#scopes.get(scope);
    if (keys !== undefined) this.#last = { scope, keys };
    return keys;
  }
}

/** The last answer of `scopeOf`: it is asked many times for one alert. */
const last = { tenant: "", environment: "", scope: "\u0000" };

/** What is related at all: alerts and incidents of one environment of one tenant. */
export function scopeOf({ tenant, environment }: {
  tenant: string;
  environment: string;
}): string {
  if (last.tenant !== tenant || last.environment !== environment) {
    last.tenant = tenant;
    last.environment = environment;
    last.scope = `${tenant}\u0000${environment}`;
  }
  return last.scope;
}
