import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authDevicesRevoke = defineMethod({
  name: "auth.devices.revoke",
  summary: "Let a device in no more, and end what it has open",
  scope: "admin",
  params: z.strictObject({ device_id: z.string() }),
  result: z.object({ device_id: z.string() }),
  async handle({ auth }: { auth: Pick<Auth, "revokeDevice"> }, { device_id }) {
    await auth.revokeDevice(device_id);
    return { device_id };
  },
});
