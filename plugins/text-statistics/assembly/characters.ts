/** What kind of character a code point is: enough of Unicode to count words in most scripts. */

export function isSpace(code: i32): bool {
  if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) return true;
  return code === 0x85 || code === 0xa0 || (code >= 0x2000 && code <= 0x200a) || code === 0x3000 || code === 0x202f;
}

/** Chinese characters and kana, which are written without spaces between words. */
export function isIdeograph(code: i32): bool {
  if (code >= 0x3041 && code <= 0x30ff) return code !== 0x30fb;
  if ((code >= 0x3400 && code <= 0x4dbf) || (code >= 0x4e00 && code <= 0x9fff)) return true;
  return (code >= 0xf900 && code <= 0xfaff) || (code >= 0x20000 && code <= 0x3fffd);
}

/** Letters, digits and the marks on them; not ideographs. */
export function isLetter(code: i32): bool {
  if (code < 0x80) {
    return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  }
  if (code < 0xc0) return code === 0xaa || code === 0xb5 || code === 0xba;
  if (code === 0xd7 || code === 0xf7) return false;
  // Punctuation and symbols: general, mathematical, technical, boxes, emoji, of East Asia.
  if (code >= 0x2000 && code <= 0x206f) return code === 0x200d;
  if (code >= 0x20a0 && code <= 0x20cf) return false;
  if (code >= 0x2190 && code <= 0x2bff) return false;
  if (code >= 0x2e00 && code <= 0x303f) return false;
  if (code >= 0xd800 && code <= 0xf8ff) return false;
  if (code >= 0xfe00 && code <= 0xfe4f) return false;
  if (code >= 0xff00 && code <= 0xff0f) return false;
  if ((code >= 0xff1a && code <= 0xff20) || (code >= 0xff3b && code <= 0xff40)) return false;
  if ((code >= 0xff5b && code <= 0xff65) || code >= 0xffe0 && code <= 0xffff) return false;
  if (code >= 0x1f000 && code <= 0x1faff) return false;
  // Punctuation of Armenian, Hebrew, Arabic and Devanagari that stands beside letters.
  if (code === 0x0589 || code === 0x05be || code === 0x060c || code === 0x061b || code === 0x061f) return false;
  if (code === 0x06d4 || code === 0x0964 || code === 0x0965 || code === 0x30fb) return false;
  return !isIdeograph(code) && !isSpace(code);
}

/** What stands within a word before a letter: apostrophes, hyphens, and the points of numbers. */
export function isJoined(code: i32, next: i32): bool {
  if (code === 0x2e || code === 0x2c) return next >= 0x30 && next <= 0x39;
  if (!isLetter(next)) return false;
  return code === 0x27 || code === 0x2019 || code === 0x2d || code === 0x2010 || code === 0x2011 || code === 0x5f;
}

/** What ends a sentence. */
export function isEnd(code: i32): bool {
  if (code === 0x2e || code === 0x21 || code === 0x3f || code === 0x2026) return true;
  if (code === 0x3002 || code === 0xff01 || code === 0xff1f) return true;
  return code === 0x0964 || code === 0x061f || code === 0x06d4 || code === 0x0589;
}
