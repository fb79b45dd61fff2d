/**
 * The universal scalability law: how much throughput N workers give (requests in flight, cores).
 *
 *     X(N) = λN / (1 + σ(N - 1) + κN(N - 1))
 *
 * λ is what one gives alone, σ the share that has to queue for something that all need
 * (contention), κ what each pays for keeping up with each other one (coherency). With σ = κ = 0
 * it is a straight line; σ alone is Amdahl's law, with a ceiling at λ/σ; κ makes it turn down.
 *
 * N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007, chapters 4 to 6; and "A general
 * theory of computational scalability based on rational functions", arXiv:0808.1431, 2008.
 */
export type Usl = {
  /** Alerts a second with one worker; above 0. */
  lambda: number;
  /** Contention, 0 to 1. */
  sigma: number;
  /** Coherency, 0 or more. */
  kappa: number;
};

export function throughput({ lambda, sigma, kappa }: Usl, n: number): number {
  return (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

/** How many times one worker's throughput n give together. */
export const speedup = (usl: Usl, n: number): number => throughput({ ...usl, lambda: 1 }, n);

/** Where throughput is highest; null: it only ever grows (κ = 0). */
export function peakAt({ sigma, kappa }: Usl): number | null {
  if (kappa === 0) return null;
  return Math.max(1, Math.sqrt((1 - sigma) / kappa));
}

/** The most that any N gives; infinite for a straight line. */
export function ceiling(usl: Usl): number {
  const peak = peakAt(usl);
  if (peak !== null) return throughput(usl, peak);
  return usl.sigma === 0 ? Number.POSITIVE_INFINITY : usl.lambda / usl.sigma;
}
