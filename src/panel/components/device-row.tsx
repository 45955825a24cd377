/** One device that was let in: what it may do, when it was here last, and the way to end it. */
import type { ShownDevice } from "../state/access.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";
import { exactText } from "./tool-words.ts";

export function DeviceRow({ device }: { device: ShownDevice }) {
  const t = useT();
  const panel = usePanel();
  const { time } = useFormats();
  const { device_id, platform, role, scopes, approved_by, created_at, last_seen_at } = device;
  const name = exactText(device.name) || t("access.unnamed");
  const seen = last_seen_at === null ? t("access.never_seen") : t("access.seen", { time: time(last_seen_at) });
  const about = [platform ?? "", scopes.join(", ")].filter((part) => part !== "").join(" · ");
  return (
    <Entry id={device_id} name={name} about={about} state={seen}>
      {() => (
        <>
          <dl class="fact-list">
            {platform !== null && <Fact name={t("access.platform")}>{exactText(platform)}</Fact>}
            <Fact name={t("access.role")}>{t(`access.role_${role}`)}</Fact>
            {role !== "node" && <Fact name={t("access.scopes")}>{scopes.join(", ")}</Fact>}
            <Fact name={t("access.let_in")}>{t("approvals.since", { who: approved_by, time: time(created_at) })}</Fact>
            <Fact name={t("access.last_seen")}>
              {last_seen_at === null ? t("access.never_seen") : time(last_seen_at)}
            </Fact>
            <Fact name={t("access.id")}>
              <code>{device_id}</code>
            </Fact>
          </dl>
          <div class="approval-answers">
            <ConfirmButton
              title={t("access.revoke_device_title", { name })}
              text={t("access.revoke_device_text")}
              label={t("access.revoke")}
              act={() => panel.access.revokeDevice(device_id)}
            />
          </div>
        </>
      )}
    </Entry>
  );
}
