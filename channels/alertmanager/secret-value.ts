/**
 * Secrets as a delivery uses them: read again from their files each time, because they are
 * rotated under a running process, and remembered for the length of the attempt, so that no
 * error message shows one.
 */
import { readFile } from "node:fs/promises";
import type { Secret } from "../../runtime/config/alertmanager/secret.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";

/** Shortest text that is blotted out; shorter ones would blot out ordinary words. */
const secretCharsMin = 4;
const messageCharsMax = 300;

export class AttemptSecrets {
  #texts = new Set<string>();

  /** The secret's present value. @throws RetryableError naming the file that cannot be read. */
  async read(secret: Secret): Promise<string> {
    const text = secret.file === null ? secret.secretText : await readSecretText(secret.file);
    this.hide(text);
    return text;
  }

  /** From now on `text` is not shown. */
  hide(text: string): void {
    if (text.length >= secretCharsMin) this.#texts.add(text);
    const encoded = encodeURIComponent(text);
    if (encoded !== text && encoded.length >= secretCharsMin) this.#texts.add(encoded);
  }

  /** Services put their tokens into paths, queries and before the host. */
  hideUrl(url: URL): void {
    this.hide(url.href);
    this.hide(decode(url.password));
    this.hide(url.password);
    if (url.pathname !== "/") this.hide(url.pathname + url.search);
    for (const part of url.pathname.split("/")) if (part.length >= 16) this.hide(part);
    for (const value of url.searchParams.values()) this.hide(value);
  }

  redact(text: string): string {
    let out = text;
    for (const secret of [...this.#texts].sort((a, b) => b.length - a.length)) {
      out = out.replaceAll(secret, "***");
    }
    return out.length > messageCharsMax ? `${out.slice(0, messageCharsMax)}…` : out;
  }

  /** The same kind of error without secrets; its cause, which may hold some, is left out. */
  withoutSecrets(error: unknown): Error {
    const message = this.redact(error instanceof Error ? error.message : String(error));
    if (error instanceof TerminalError) return new TerminalError(message);
    const wish = error instanceof RetryableError ? error.retryAfterMs : null;
    return new RetryableError(message, wish === null ? {} : { retryAfterMs: wish });
  }
}

async function readSecretText(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new RetryableError(`cannot read the secret in the file ${file} (${why})`);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
