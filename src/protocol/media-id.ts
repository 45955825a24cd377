/** What a stored file is called: `media_` and a SHA-256 in hex. */

const ID = "media_[0-9a-f]{64}";

/** An id and nothing else, so that it can be part of a path. */
export const MEDIA_ID = new RegExp(`^${ID}$`);
/** All ids in a text. */
export const MEDIA_IDS = new RegExp(ID, "g");
