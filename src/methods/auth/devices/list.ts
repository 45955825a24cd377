import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authDevicesList = defineMethod({
  name: "auth.devices.list",
  summary: "List the devices that were let in",
  scope: "admin",
  rate: "read",
  params: z.strictObject({}),
  result: z.object({
    devices: z.array(
      z.object({
        device_id: z.string(),
        name: z.string(),
        /** What it said that it runs on. */
        platform: z.string().nullable(),
        role: z.enum(["operator", "node"]),
        scopes: z.array(z.enum(SCOPES)),
        approved_by: z.string(),
        created_at: z.number(),
        last_seen_at: z.number().nullable(),
      }),
    ),
  }),
  handle({ auth }: { auth: Pick<Auth, "devices"> }) {
    return { devices: auth.devices.list().map((device) => ({ ...device, scopes: [...device.scopes] })) };
  },
});
