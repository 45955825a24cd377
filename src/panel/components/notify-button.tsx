/** Asks the browser for notifications, and only when it is pressed; nothing where they are on or cannot be had. */
import { useState } from "preact/hooks";
import { usePanel, useT } from "./context.ts";

/** Rejects nothing: what the browser does not know it does not allow. */
export async function askToNotify(): Promise<boolean> {
  return "Notification" in window && (await Notification.requestPermission()) === "granted";
}

export function NotifyButton() {
  const t = useT();
  const { preferences } = usePanel();
  const [refused, setRefused] = useState(false);
  if (preferences.notify.value || !("Notification" in window)) return null;
  if (refused || Notification.permission === "denied") return <p class="meta">{t("settings.notify_refused")}</p>;
  return (
    <button
      type="button"
      class="button"
      onClick={() =>
        void askToNotify().then((allowed) => {
          preferences.notify.value = allowed;
          setRefused(!allowed);
        })
      }
    >
      {t("notify.ask")}
    </button>
  );
}
