/** The ending that the name of a file gets by its media type, where it has no name of its own. */

/** Where the type does not say it itself, as image/png does. */
const ENDINGS: Readonly<Record<string, string>> = {
  "application/gzip": "gz",
  "application/msword": "doc",
  "application/octet-stream": "bin",
  "application/vnd.ms-excel": "xls",
  "application/vnd.ms-powerpoint": "ppt",
  "application/vnd.oasis.opendocument.presentation": "odp",
  "application/vnd.oasis.opendocument.spreadsheet": "ods",
  "application/vnd.oasis.opendocument.text": "odt",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "audio/mp4": "m4a",
  "audio/mpeg": "mp3",
  "image/jpeg": "jpg",
  "text/calendar": "ics",
  "text/javascript": "js",
  "text/markdown": "md",
  "text/plain": "txt",
  "video/quicktime": "mov",
  "video/x-matroska": "mkv",
};

/** Without the dot, in small letters and digits alone. */
export function fileEndingOf(mime: string): string {
  const [type = ""] = mime.toLowerCase().split(";");
  const own = type
    .trim()
    .replace(/^.*\//, "")
    .replace(/^x-|\+.*$/g, "");
  return ENDINGS[type.trim()] ?? (/^[a-z0-9]{1,8}$/.test(own) ? own : "bin");
}
