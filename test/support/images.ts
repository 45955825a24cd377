/** Pictures made on the spot. */

/** `noisy`: nothing in it can be packed. */
export function picture(width: number, height: number, noisy = false): Bun.Image {
  const row = Math.ceil((width * 3) / 4) * 4;
  const bitmap = Buffer.alloc(54 + row * height);
  bitmap.write("BM");
  bitmap.writeUInt32LE(bitmap.length, 2);
  bitmap.writeUInt32LE(54, 10);
  bitmap.writeUInt32LE(40, 14);
  bitmap.writeInt32LE(width, 18);
  bitmap.writeInt32LE(height, 22);
  bitmap.writeUInt16LE(1, 26);
  bitmap.writeUInt16LE(24, 28);
  if (noisy) {
    let state = 1;
    for (let at = 54; at < bitmap.length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bitmap[at] = state >>> 24;
    }
  }
  return new Bun.Image(bitmap);
}

/** The beginning of a PNG that says how large it is. */
export function pngHeader(width: number, height: number): Uint8Array {
  const header = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\0\x08\x06\0\0\0\0\0\0\0", "latin1");
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  header.writeUInt32BE(Bun.hash.crc32(header.subarray(12, 29)), 29);
  return new Uint8Array(header);
}
