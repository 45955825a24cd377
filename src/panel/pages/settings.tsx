/** Settings of this browser, and what server this is. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Choices } from "../components/choices.tsx";
import { useShell, useT } from "../components/context.ts";
import { askToNotify } from "../components/notify-button.tsx";
import { PageHead } from "../components/page-head.tsx";
import { LANGUAGE_IDS, LANGUAGES } from "../i18n/languages.ts";
import { THEMES } from "../state/preferences.ts";
import { hashOf } from "../state/router.ts";

export function SettingsPage() {
  const t = useT();
  const { panel, openDialog, logOut, logOutEverywhere } = useShell();
  const { preferences, server } = panel;
  const info = server.value;
  const [refused, setRefused] = useState(false);
  const setNotify = async (wanted: boolean) => {
    const allowed = wanted && (await askToNotify());
    preferences.notify.value = allowed;
    setRefused(wanted && !allowed);
  };
  return (
    <>
      <PageHead title={t("settings.title")} />
      <div class="settings">
        <section>
          <h2>{t("settings.look")}</h2>
          <Choices
            label={t("settings.theme")}
            options={THEMES.map((theme) => ({ value: theme, label: t(`settings.theme_${theme}`) }))}
            value={preferences.theme.value}
            onChoose={(theme) => (preferences.theme.value = theme)}
          />
          <Choices
            label={t("settings.language")}
            options={LANGUAGE_IDS.map((language) => ({ value: language, label: LANGUAGES[language].name }))}
            value={preferences.language.value}
            onChoose={(language) => (preferences.language.value = language)}
          />
          <label class="setting">
            <span>{t("settings.notify")}</span>
            <input
              type="checkbox"
              checked={preferences.notify.value}
              onChange={({ currentTarget }) => void setNotify(currentTarget.checked)}
            />
          </label>
          {refused && <p class="meta failed">{t("settings.notify_refused")}</p>}
          <Row label={t("settings.keys")}>
            <button type="button" class="button" onClick={() => openDialog({ kind: "keys" })}>
              {t("keys.help")} <kbd>?</kbd>
            </button>
          </Row>
        </section>
        <section>
          <h2>{t("settings.server")}</h2>
          <Row label={t("settings.version")}>{info?.version ?? t("settings.unknown")}</Row>
          <Row label={t("settings.home")}>
            <code>{info?.home ?? t("settings.unknown")}</code>
          </Row>
          <Row label={t("settings.access")}>
            {info
              ? t(info.auth_mode === "none" ? "settings.access_none" : "settings.access_token")
              : t("settings.unknown")}
          </Row>
          {info?.auth_mode === "token" && (
            <Row label="">
              <span class="approval-answers">
                <button type="button" class="button" onClick={logOut}>
                  {t("settings.logout")}
                </button>
                <button
                  type="button"
                  class="button danger"
                  onClick={() =>
                    openDialog({
                      kind: "confirm",
                      title: t("settings.logout_everywhere_title"),
                      text: t("settings.logout_everywhere_text"),
                      label: t("settings.logout_everywhere"),
                      act: logOutEverywhere,
                    })
                  }
                >
                  {t("settings.logout_everywhere")}
                </button>
              </span>
            </Row>
          )}
        </section>
        <a href={hashOf({ page: "new" })}>{t("settings.back")}</a>
      </div>
    </>
  );
}

function Row({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="setting">
      <span>{label}</span>
      <span class="setting-value">{children}</span>
    </div>
  );
}
