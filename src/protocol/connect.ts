/** The handshake: `connect` (also `auth.connect`) and its answer. */
import * as z from "zod";
import { ROLES, SCOPES } from "./identity.ts";

export const PROTOCOL_VERSION = 1 as const;

export const connectParams = z.object({
  minProtocol: z.number().int().default(PROTOCOL_VERSION),
  maxProtocol: z.number().int().default(PROTOCOL_VERSION),
  client: z
    .object({
      id: z.string().max(128),
      version: z.string().max(64).optional(),
      platform: z.string().max(64).optional(),
    })
    .optional(),
  role: z.enum(ROLES).optional(),
  /** All that the credentials allow, if left out; never more than that. */
  scopes: z.array(z.enum(SCOPES)).optional(),
  auth: z
    .union(
      [
        z.strictObject({ token: z.string() }),
        z.strictObject({ session_token: z.string() }),
        z.strictObject({
          invite: z.string(),
          /** Of a page's invite: the answer's `visit`, to go on with it. */
          visit: z.string().max(64).optional(),
        }),
        z.strictObject({
          device: z.strictObject({
            id: z.string().regex(/^[0-9a-f]{64}$/),
            public_key: z.string().max(64),
            signature: z.string().max(128),
            signed_at: z.number().int(),
            nonce: z.string().max(64),
          }),
          /** From `auth.pairing.invite`: lets a device in that is not known yet. */
          pairing_code: z.string().max(64).optional(),
        }),
      ],
      { error: "must be {token}, {session_token}, {device} or {invite}" },
    )
    .optional(),
});

export type ConnectParams = z.output<typeof connectParams>;

export const connectResult = z.object({
  protocol: z.literal(PROTOCOL_VERSION),
  server: z.object({ name: z.string(), version: z.string(), instance_id: z.string() }),
  identity: z.object({ id: z.string(), kind: z.enum(["owner", "device", "guest", "node", "peer"]) }),
  role: z.enum(ROLES),
  scopes: z.array(z.enum(SCOPES)),
  session_token: z.string().optional(),
  session_expires_at: z.number().optional(),
  /** Of who came with a page's invite: goes beside the invite to come again within five minutes. */
  visit: z.string().optional(),
  /** What the server knows of the device that connected with its key. */
  device: z
    .object({
      device_id: z.string(),
      name: z.string(),
      role: z.enum(["operator", "node"]),
      scopes: z.array(z.enum(SCOPES)),
      approved_by: z.string(),
      created_at: z.number(),
    })
    .optional(),
  features: z.object({ methods: z.array(z.string()), events: z.array(z.string()) }),
  policy: z.object({
    max_payload: z.number(),
    max_buffered: z.number(),
    tick_interval_ms: z.number(),
    rate_limits: z.record(z.string(), z.number()),
  }),
});
export type ConnectResult = z.output<typeof connectResult>;
