/** Tells the time. */
import * as z from "zod";
import { AlephError } from "../../protocol/errors.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./time.md" with { type: "text" };

interface Needs {
  /** Unix milliseconds. */
  readonly now: () => number;
}

export const time = defineTool({
  name: "time",
  description,
  params: z.strictObject({
    tz: z.string().min(1).max(64).optional().describe("IANA time zone, such as Europe/Berlin"),
  }),
  parallel: true,
  prepare({ now }: Needs, { tz }) {
    const format = formatIn(tz);
    return {
      tier: "allow",
      reason: "Tells the time",
      plan: tz === undefined ? {} : { tz },
      run: async () => ({ ok: true, text: describe(format, now()) }),
    };
  },
});

function formatIn(timeZone: string | undefined): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      ...(timeZone === undefined ? {} : { timeZone }),
      weekday: "long",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZoneName: "longOffset",
    });
  } catch (cause) {
    throw new AlephError("invalid_params", `"tz" is not a time zone: "${timeZone}"`, {
      cause,
      data: { hint: "Use an IANA name such as Europe/Berlin or UTC" },
    });
  }
}

/** `2026-08-01T09:30:00+02:00 (Saturday, Europe/Berlin), Unix time 1785569400` */
function describe(format: Intl.DateTimeFormat, at: number): string {
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const offset = parts.timeZoneName?.slice("GMT".length) || "+00:00";
  const date = `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}${offset}`;
  return `${date} (${parts.weekday}, ${format.resolvedOptions().timeZone}), Unix time ${Math.floor(at / 1000)}`;
}
