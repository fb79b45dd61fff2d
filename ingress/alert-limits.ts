/**
 * Everything that bounds one request of alerts and one alert, in one place. They are generous
 * for real senders and small enough that none of them can exhaust the process.
 */
export const alertsPerRequestMax = 10_000;
/** JSON containers inside each other, the request's own array included. */
export const jsonDepthMax = 64;
/** One alert's JSON as sent; such an alert still fits into a frame (frame-writer.ts). */
export const alertBytesMax = 256 * 1024;
/** Labels per alert; annotations per alert. */
export const mapEntriesMax = 64;
/** Bytes of a label's or annotation's name, in UTF-8. */
export const nameBytesMax = 512;
export const labelValueBytesMax = 8 * 1024;
export const annotationValueBytesMax = 64 * 1024;
export const dedupKeyBytesMax = 512;
/** Characters of a sender's own text that an answer or a rejection record repeats. */
export const echoCharsMax = 80;
/** Bytes of a rejection record's detail. */
export const rejectionDetailBytesMax = 200;
