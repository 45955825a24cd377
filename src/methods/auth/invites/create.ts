import * as z from "zod";
import type { Toolbox } from "../../../agent/toolbox.ts";
import type { Auth } from "../../../auth/auth.ts";
import { AlephError } from "../../../protocol/errors.ts";
import { defineMethod } from "../../../sdk/method.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of one person's stay, and of a page's invite. */
const MOST_DAYS = { person: 30, page: 366 };

export const authInvitesCreate = defineMethod({
  name: "auth.invites.create",
  summary:
    "Invite a guest, or the visitors of a page: for some tools, for a time and with an allowance; the invite is told once",
  scope: "admin",
  params: z
    .strictObject({
      tools: z.array(z.string().max(64)).max(100),
      expires_in_ms: z
        .int()
        .positive()
        .max(MOST_DAYS.page * DAY_MS)
        .default(DAY_MS)
        .describe("when the invite and what was opened with it end"),
      budget: z
        .strictObject({ tokens: z.int().positive().optional(), cost_usd: z.number().positive().optional() })
        .default({})
        .describe("what may be used up in all"),
      origins: z
        .array(z.string().refine(isOrigin, "must be an origin such as https://example.org"))
        .max(20)
        .default([])
        .describe("pages whose visitors it lets in; none: it lets in one person, once"),
      uses: z.int().positive().max(1_000_000).nullable().optional().describe("how many visitors it lets in at most"),
    })
    .superRefine(({ origins, uses, budget, expires_in_ms }, issues) => {
      const wrong = (path: string, message: string) => issues.addIssue({ code: "custom", path: [path], message });
      if (origins.length > 0) {
        if (budget.tokens === undefined && budget.cost_usd === undefined) {
          wrong("budget", "must set a limit: anybody who opens the page may use it up");
        }
      } else {
        if (uses !== undefined) wrong("uses", "needs origins: an invite without them counts once");
        if (expires_in_ms > MOST_DAYS.person * DAY_MS)
          wrong("expires_in_ms", "must be at most 30 days without origins");
      }
    }),
  result: z.object({ invite_id: z.string(), invite: z.string() }),
  async handle(
    { auth, toolbox }: { auth: Pick<Auth, "invites">; toolbox: Pick<Toolbox, "offeredToGuests"> },
    { tools, expires_in_ms, budget, origins, uses },
    { grant },
  ) {
    const offered = tools.length === 0 ? [] : await toolbox.offeredToGuests();
    const issues = tools.flatMap((name, at) =>
      offered.includes(name) ? [] : [{ path: `tools.${at}`, message: "must name a tool that guests may have" }],
    );
    if (issues.length > 0) {
      throw new AlephError("invalid_params", "An invite names tools that guests cannot have", { data: { issues } });
    }
    return auth.invites.create({
      tools: [...new Set(tools)],
      expiresInMs: expires_in_ms,
      budget: { tokens: budget.tokens ?? null, cost_usd: budget.cost_usd ?? null },
      origins: [...new Set(origins)],
      uses: uses ?? null,
      by: grant!.identity.id,
    });
  },
});

/** As a browser writes it in the `Origin` header. A star stands for nothing. */
function isOrigin(text: string): boolean {
  if (text.includes("*") || !URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return ["https:", "http:"].includes(protocol) && origin === text;
}
