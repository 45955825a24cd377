/** Who may in beside the owner: devices that wait, devices that were let in, and tokens. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Params, Result } from "../../client/client.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Scope } from "../../protocol/identity.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export type ShownDevice = Result<"auth.devices.list">["devices"][number];
export type ShownPairing = Result<"auth.pairing.list">["pairings"][number];
export type ShownToken = Result<"auth.tokens.list">["tokens"][number];

export type ShownInvite = Result<"auth.invites.list">["invites"][number];

/** Lets one device in that brings the code. */
export type DeviceLink = Result<"auth.pairing.invite">;

export interface Access {
  /** Each undefined until it is known. */
  readonly devices: ReadonlySignal<readonly ShownDevice[] | undefined>;
  readonly tokens: ReadonlySignal<readonly ShownToken[] | undefined>;
  readonly invites: ReadonlySignal<readonly ShownInvite[] | undefined>;
  /** Devices that ask to be let in; known from the first connect on, where the caller may answer. */
  readonly pairings: ReadonlySignal<readonly ShownPairing[]>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** After a connect: what waits, and the rest where it was loaded before. */
  renew(): Promise<void>;
  /** Rejects with the server's reason, as all below. */
  approve(pairing: ShownPairing, scopes: readonly Scope[]): Promise<void>;
  link(scopes: readonly Scope[]): Promise<DeviceLink>;
  reject(pairing: ShownPairing): Promise<void>;
  revokeDevice(id: string): Promise<void>;
  /** The token itself is told this once. */
  createToken(wanted: Params<"auth.tokens.create">): Promise<string>;
  revokeToken(id: string): Promise<void>;
  /** What an invite may hold. */
  guestTools(): Promise<readonly string[]>;
  /** The invite itself is told this once. */
  invite(wanted: Params<"auth.invites.create">): Promise<string>;
  revokeInvite(id: string): Promise<void>;
  handle(event: EventFrame): void;
}

const MOMENT_MS = 1000;

export function createAccess(call: Call, now: () => number): Access {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waiting = createLoaded(async () => {
    const { pairings } = await call("auth.pairing.list", {});
    clearTimeout(timer);
    // Nobody tells of one that has waited too long.
    const first = Math.min(...pairings.map(({ expires_at }) => expires_at));
    if (Number.isFinite(first)) timer = setTimeout(() => void waiting.load(), Math.max(MOMENT_MS, first - now()));
    return pairings;
  });
  const letIn = createLoaded(async () => {
    const [{ devices }, { tokens }, { invites }] = await Promise.all([
      call("auth.devices.list", {}),
      call("auth.tokens.list", {}),
      call("auth.invites.list", {}),
    ]);
    return { devices, tokens, invites };
  });
  const load = async () => void (await Promise.all([waiting.load(), letIn.load()]));
  return {
    devices: computed(() => letIn.value.value?.devices),
    tokens: computed(() => letIn.value.value?.tokens),
    invites: computed(() => letIn.value.value?.invites),
    pairings: computed(() => waiting.value.value ?? []),
    phase: letIn.phase,
    load,
    renew: async () => void (await Promise.all([waiting.load(), letIn.renew()])),
    async approve({ pairing_id }, scopes) {
      await call("auth.pairing.approve", { pairing: pairing_id, scopes: [...scopes] });
      await load();
    },
    link: (scopes) => call("auth.pairing.invite", { scopes: [...scopes] }),
    async reject({ pairing_id }) {
      await call("auth.pairing.reject", { pairing: pairing_id });
      await waiting.load();
    },
    async revokeDevice(device_id) {
      await call("auth.devices.revoke", { device_id });
      await letIn.load();
    },
    async createToken(wanted) {
      const { token } = await call("auth.tokens.create", wanted);
      await letIn.load();
      return token;
    },
    async revokeToken(token_id) {
      await call("auth.tokens.revoke", { token_id });
      await letIn.load();
    },
    async guestTools() {
      const { tools } = await call("tool.list", {});
      return tools.filter(({ guests }) => guests).map(({ name }) => name);
    },
    async invite(wanted) {
      const { invite } = await call("auth.invites.create", wanted);
      await letIn.load();
      return invite;
    },
    async revokeInvite(invite_id) {
      await call("auth.invites.revoke", { invite_id });
      await letIn.load();
    },
    handle({ topic }) {
      if (!topic.startsWith("auth.pairing_")) return;
      void waiting.load();
      if (topic === "auth.pairing_resolved") void letIn.renew();
    },
  };
}
