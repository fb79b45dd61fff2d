/**
 * A row of the scan, one for each alert, in 32-bit numbers. Both sides read this file: the program,
 * and the compiler of the module that writes the rows (assembly/).
 *
 * A span is two numbers, [start, end) in the body, quotes included; -1: absent or null.
 */
export const startColumn = 0;
export const endColumn = 1;
export const suspectColumn = 2;
export const labelsColumn = 3;
export const annotationsColumn = 5;
export const startsAtColumn = 7;
export const endsAtColumn = 9;
export const generatorURLColumn = 11;
export const dedupKeyColumn = 13;
/** A line of NDJSON that is no JSON document. */
export const brokenColumn = 15;
/** Two 32-bit halves of the hash over labels and dedup key. */
export const keyHashColumn = 16;
/** XXH32 over what may change while the identity stays. */
export const contentHashColumn = 18;
/** 64-bit floating point, ms since the epoch; the zero time if absent, NaN if no time. */
export const startsAtMsColumn = 20;
export const endsAtMsColumn = 22;
export const rowWidth = 24;

/** Where the rows begin in the module's memory, and where the body is put. */
export const rowsAt = 1024;
export const bodyAt = 1_048_576;
/** The module may read so far behind the body, and write its end mark there. */
export const paddingBytes = 64;

/** Why a document is refused: the numbers that the module returns. */
export const endedEarly = 1;
export const textBehind = 2;
export const tooManyAlerts = 3;
export const commaOrBracket = 4;
export const commaOrBrace = 5;
export const nameExpected = 6;
export const colonExpected = 7;
export const controlCharacter = 8;
export const unknownEscape = 9;
export const hexExpected = 10;
export const literalExpected = 11;
export const valueExpected = 12;
export const nestedTooDeep = 13;
