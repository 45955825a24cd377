import * as z from "zod";
import type { Toolbox } from "../../../agent/toolbox.ts";
import type { Auth } from "../../../auth/auth.ts";
import { AlephError } from "../../../protocol/errors.ts";
import { defineMethod } from "../../../sdk/method.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export const authInvitesCreate = defineMethod({
  name: "auth.invites.create",
  summary: "Invite a guest: once, for some tools, for a time and with an allowance; the invite is told once",
  scope: "admin",
  params: z.strictObject({
    tools: z.array(z.string().max(64)).max(100),
    expires_in_ms: z
      .int()
      .positive()
      .max(30 * DAY_MS)
      .default(DAY_MS)
      .describe("when the invite and the guest's stay end"),
    budget: z
      .strictObject({ tokens: z.int().positive().optional(), cost_usd: z.number().positive().optional() })
      .default({})
      .describe("what the guest may use up in all"),
  }),
  result: z.object({ invite_id: z.string(), invite: z.string() }),
  async handle(
    { auth, toolbox }: { auth: Pick<Auth, "invites">; toolbox: Pick<Toolbox, "offeredToGuests"> },
    { tools, expires_in_ms, budget },
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
      by: grant!.identity.id,
    });
  },
});
