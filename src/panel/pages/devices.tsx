/** Who may in: devices that ask, devices that were let in, tokens and guests. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useShell, useT } from "../components/context.ts";
import { DeviceRow } from "../components/device-row.tsx";
import { Failure } from "../components/failure.tsx";
import { InviteRow } from "../components/invite-row.tsx";
import { Late } from "../components/late.tsx";
import { PageHead } from "../components/page-head.tsx";
import { PairingCard } from "../components/pairing-card.tsx";
import { TokenRow } from "../components/token-row.tsx";

export function DevicesPage() {
  const t = useT();
  const { panel, openDialog } = useShell();
  const { access } = panel;
  const phase = access.phase.value;
  const devices = access.devices.value;
  const invites = access.invites.value;
  const tokens = access.tokens.value;
  useEffect(() => void access.load(), [access]);
  return (
    <>
      <PageHead title={t("access.title")} />
      <div class="settings entries">
        {access.pairings.value.map((pairing) => (
          <PairingCard key={pairing.pairing_id} pairing={pairing} />
        ))}
        {phase.kind === "loading" && !devices && <Late>{t("access.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => access.load()} />}
        {devices && (
          <Section
            title={t("access.devices")}
            act={
              <button type="button" class="button" onClick={() => openDialog({ kind: "link" })}>
                {t("access.link_new")}
              </button>
            }
          >
            {devices.length === 0 && <p class="aside">{t("access.no_devices")}</p>}
            {devices.map((device) => (
              <DeviceRow key={device.device_id} device={device} />
            ))}
          </Section>
        )}
        {tokens && (
          <Section
            title={t("access.tokens")}
            act={
              <button type="button" class="button" onClick={() => openDialog({ kind: "token" })}>
                {t("access.token_new")}
              </button>
            }
          >
            {tokens.length === 0 && <p class="aside">{t("access.no_tokens")}</p>}
            {tokens.map((token) => (
              <TokenRow key={token.token_id} token={token} />
            ))}
          </Section>
        )}
        {invites && (
          <Section
            title={t("access.guests")}
            act={
              <button type="button" class="button" onClick={() => openDialog({ kind: "invite" })}>
                {t("access.guest_new")}
              </button>
            }
          >
            {invites.length === 0 && <p class="aside">{t("access.no_guests")}</p>}
            {invites.map((invite) => (
              <InviteRow key={invite.invite_id} invite={invite} />
            ))}
          </Section>
        )}
      </div>
    </>
  );
}

function Section({ title, act, children }: { title: string; act?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section>
      <header class="section-head">
        <h2>{title}</h2>
        {act}
      </header>
      {children}
    </section>
  );
}
