/**
 * Secrets: keys with a well-known prefix, JSON web tokens, private keys, what follows "Bearer" or
 * "password=", and the password of a URL. Every repetition is bounded, or begins only where the
 * run of its characters begins, so that hostile texts cost no more than others.
 */
import type { Finder, Found } from "./kind-finder.ts";

/** Keys of well-known services, and our own. A digit has to be among them: words have none. */
const prefixed = new RegExp(
  "(?<![A-Za-z0-9])(?:" +
    "(?:sk|pk|rk)[-_]|whsec_|gh[pousr]_|github_pat_|gl(?:pat|dt|ptt)-|xox[abeoprs]-|xapp-|hf_|" +
    "npm_|pypi-|dop_v1_|shp(?:at|ca|pa|ss)_|tcn_|GOCSPX-|ya29\\.|AIza|SG\\.|lin_api_|sntrys_|" +
    "nvapi-|gsk_|xai-|pplx-|(?:AKIA|ASIA)(?=[A-Z0-9]{16})" +
    ")[A-Za-z0-9_-]{16,}(?:\\.[A-Za-z0-9_-]{1,200})?",
  "g",
);
const jsonWebToken =
  /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g;
const authorization = /(?<![A-Za-z0-9])(?:bearer|basic)[ \t]{1,4}([A-Za-z0-9._~+/=-]{8,})/gi;
const userinfo = /:\/\/[^\s/?#@:"'<>]{0,256}:([^\s/?#@"'<>]{1,256})@/g;

const words = {
  password: "pass(?:word|wd|phrase)?|pwd|secret|(?:client|app)[_-]?secret",
  key:
    "(?:secret[_-]?)?access[_-]?key|(?:api|private|secret|account|shared|signing)[_-]?key|" +
    "(?:[a-z]{1,12}[_-]?)?token|authorization|sig",
};
const assignment = (names: string): RegExp =>
  new RegExp(
    `(?<![A-Za-z0-9])(?:${names})["']?[ \\t]{0,3}([:=])[ \\t]{0,3}["']?` +
      "([^\\s\"'`&,;<>()\\[\\]{}|\\\\]{4,})",
    "gi",
  );
const passwords = assignment(words.password);
const keys = assignment(words.key);

export const findTokens: Finder = (text, found) => {
  findPrivateKeys(text, found);
  each(prefixed, text, ([whole], start) => {
    if (/\d/.test(whole)) found(start, start + whole.length);
  });
  each(jsonWebToken, text, ([whole], start) => found(start, start + whole.length));
  each(authorization, text, ([whole, secret = ""], start) => {
    if (isRandom(secret)) found(start + whole.length - secret.length, start + whole.length);
  });
  each(userinfo, text, ([whole, secret = ""], start) => {
    const end = start + whole.length - 1;
    found(end - secret.length, end);
  });
  each(passwords, text, ([whole, sign, secret = ""], start) => {
    // "secret: missing" is a sentence, "password=missing" hardly.
    if (sign === ":" && /^[A-Za-z.]*$/.test(secret)) return;
    found(start + whole.length - secret.length, start + whole.length);
  });
  each(keys, text, ([whole, , secret = ""], start) => {
    if (isRandom(secret)) found(start + whole.length - secret.length, start + whole.length);
  });
};

function each(
  pattern: RegExp,
  text: string,
  take: (match: RegExpExecArray, start: number) => void,
): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    take(match, match.index);
  }
}

/** Without its end, which may have been cut off, a private key goes on to the end of the text. */
function findPrivateKeys(text: string, found: Found): void {
  const begin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const ending = text.indexOf("-----END", begin.lastIndex);
    const line = ending === -1 ? -1 : text.indexOf("-----", ending + 8);
    const end = line === -1 ? text.length : line + 5;
    found(match.index, end);
    begin.lastIndex = end;
  }
}

/** Letters with digits among them, or in no word's mixture of cases; at least 8 characters. */
function isRandom(text: string): boolean {
  if (text.length < 8 || !/[A-Za-z]/.test(text)) return false;
  return /\d/.test(text) || (text.length >= 12 && /[a-z][A-Z]/.test(text)) || text.endsWith("=");
}
