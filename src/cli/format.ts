/** Numbers, times and sizes as people read them. */
import { formatDuration } from "../lib/human-units.ts";

export { formatBytes, formatDuration } from "../lib/human-units.ts";

/** `0.4 s`; from a minute on as `formatDuration`. */
export function formatElapsed(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms);
}

/** `just now`, `5 min ago`. */
export function formatAgo(then: number, now: number): string {
  return now - then < 60_000 ? "just now" : `${formatDuration(now - then)} ago`;
}

/** `2026-07-31 14:05`, in the time zone of this machine. */
export function formatTime(ts: number): string {
  const date = new Date(ts);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
