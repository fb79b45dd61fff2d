/**
 * The bundle: one message of an input lane, with a section for each partition that it has
 * something for. A message costs the log, and whoever reads it, about as much as a hundred
 * repeats do, so that the partitions of one thread share messages (decision 0012).
 *
 *   bundle   u8 0xF4 | u8 version 1 | u16 sections | section…
 *   section  u16 partition | u16 0 | u32 bytes | a frame (frame.ts) or a control record
 *
 * Little-endian, as frames are. A partition has at most one section in a bundle.
 */
export const bundleHeadBytes = 4;
export const sectionHeadBytes = 8;

const magic = 0xf4;
const version = 1;

export type Section = { partition: number; data: Uint8Array };

/** Begins a bundle in `view`; its sections follow. */
export function putBundleHead(view: DataView, sections: number): void {
  view.setUint8(0, magic);
  view.setUint8(1, version);
  view.setUint16(2, sections, true);
}

export function putSectionHead(
  view: DataView,
  at: number,
  partition: number,
  bytes: number,
): void {
  view.setUint16(at, partition, true);
  view.setUint16(at + 2, 0, true);
  view.setUint32(at + 4, bytes, true);
}

export function bundleOf(sections: readonly Section[]): Uint8Array {
  let bytes = bundleHeadBytes;
  for (const { data } of sections) bytes += sectionHeadBytes + data.length;
  const bundle = new Uint8Array(bytes);
  const view = new DataView(bundle.buffer);
  putBundleHead(view, sections.length);
  let at = bundleHeadBytes;
  for (const { partition, data } of sections) {
    putSectionHead(view, at, partition, data.length);
    bundle.set(data, at + sectionHeadBytes);
    at += sectionHeadBytes + data.length;
  }
  return bundle;
}

/**
 * @returns the sections in their order, whose data are views into `bundle`; null when it is not
 *   a whole bundle, whatever of it could be read.
 */
export function sectionsOf(bundle: Uint8Array): Section[] | null {
  const bytes = bundle.length;
  if (bytes < bundleHeadBytes || bundle[0] !== magic || bundle[1] !== version) return null;
  const view = new DataView(bundle.buffer, bundle.byteOffset, bytes);
  const sections: Section[] = [];
  let at = bundleHeadBytes;
  for (let left = view.getUint16(2, true); left > 0; left -= 1) {
    const from = at + sectionHeadBytes;
    if (from > bytes) return null;
    const to = from + view.getUint32(at + 4, true);
    if (to > bytes) return null;
    sections.push({ partition: view.getUint16(at, true), data: bundle.subarray(from, to) });
    at = to;
  }
  return at === bytes ? sections : null;
}
