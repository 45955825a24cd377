/** Settings of this browser, and what server this is. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { AdministrationHead } from "../components/administration-head.tsx";
import { Choices } from "../components/choices.tsx";
import { ConfirmButton } from "../components/confirm-button.tsx";
import { useShell, useT } from "../components/context.ts";
import { Icon } from "../components/icon.tsx";
import { askToNotify } from "../components/notify-button.tsx";
import { PAGE_TITLES } from "../components/page-titles.ts";
import { LANGUAGE_IDS, LANGUAGES, type StringKey } from "../i18n/languages.ts";
import type { Translate } from "../i18n/translate.ts";
import { ADMINISTRATION } from "../state/administration.ts";
import { THEMES } from "../state/preferences.ts";
import { hashOf } from "../state/router.ts";

/** The words by which the parts of the page are found. */
const LOOK = ["settings.look", "settings.theme", "settings.language", "settings.notify", "settings.keys"] as const;
const SERVER = [
  "settings.server",
  "settings.version",
  "settings.home",
  "settings.access",
  "settings.logout",
  "settings.logout_everywhere",
] as const;

export function SettingsPage() {
  const t = useT();
  const { panel, openDialog, logOut, logOutEverywhere } = useShell();
  const { preferences, server } = panel;
  const info = server.value;
  const [refused, setRefused] = useState(false);
  const [words, setWords] = useState("");
  const sought = words.trim().toLowerCase();
  const shows = (keys: readonly StringKey[]) => keys.some((key) => t(key).toLowerCase().includes(sought));
  const setNotify = async (wanted: boolean) => {
    const allowed = wanted && (await askToNotify());
    preferences.notify.value = allowed;
    setRefused(wanted && !allowed);
  };
  return (
    <>
      <AdministrationHead page="settings" />
      <div class="settings">
        <search class="search-form">
          <Icon name="search" />
          <input
            class="field"
            type="search"
            aria-label={t("settings.search")}
            placeholder={t("settings.search")}
            value={words}
            onInput={({ currentTarget }) => setWords(currentTarget.value)}
          />
        </search>
        {shows(LOOK) && (
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
            {panel.install.value && (
              <Row label={t("settings.install")}>
                <button type="button" class="button" onClick={() => void panel.install.peek()?.()}>
                  {t("settings.install_now")}
                </button>
              </Row>
            )}
            <Row label={t("settings.keys")}>
              <button type="button" class="button" onClick={() => openDialog({ kind: "keys" })}>
                {t("keys.help")} <kbd>?</kbd>
              </button>
            </Row>
          </section>
        )}
        <Places words={sought} />
        {shows(SERVER) && (
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
                  <ConfirmButton
                    title={t("settings.logout_everywhere_title")}
                    text={t("settings.logout_everywhere_text")}
                    label={t("settings.logout_everywhere")}
                    act={logOutEverywhere}
                  />
                </span>
              </Row>
            )}
          </section>
        )}
        {sought !== "" && !shows([...LOOK, ...SERVER]) && placesWith(sought, t).length === 0 && (
          <p class="aside" role="status">
            {t("settings.nothing", { words: sought })}
          </p>
        )}
        <a href={hashOf({ page: "new" })}>{t("settings.back")}</a>
      </div>
    </>
  );
}

/** The pages about the server whose name or purpose has the words. */
function Places({ words }: { words: string }) {
  const t = useT();
  const found = placesWith(words, t);
  if (found.length === 0) return null;
  return (
    <section>
      <h2>{t("settings.more")}</h2>
      {found.map((page) => (
        <a key={page} class="setting place" href={hashOf({ page })}>
          <span class="setting-text">
            {t(PAGE_TITLES[page])} <span class="meta">{t(`settings.about_${page}`)}</span>
          </span>
          <Icon name="chevron" />
        </a>
      ))}
    </section>
  );
}

function placesWith(words: string, t: Translate) {
  return ADMINISTRATION.filter((page) =>
    `${page} ${t(PAGE_TITLES[page])} ${t(`settings.about_${page}`)}`.toLowerCase().includes(words),
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
