/** The login page: sends a password or token once, keeps the key that comes back, goes to the panel. */
import { LANGUAGES, type StringKey } from "./i18n/languages.ts";
import { translate, type Values } from "./i18n/translate.ts";
import { writeLoginKey } from "./state/login-key.ts";
import { createPreferences } from "./state/preferences.ts";
import { keptIn } from "./state/storage.ts";
import { createWording } from "./state/wording.ts";

const kept = keptIn(localStorage);
const preferences = createPreferences(kept, navigator.languages);
const language = preferences.language.peek();
const theme = preferences.theme.peek();
if (theme !== "system") document.documentElement.dataset.theme = theme;
document.documentElement.lang = LANGUAGES[language].tag;
const wording = createWording(preferences.language);
await wording.ready;

const t = (key: StringKey, values?: Values) => translate(wording.shown.peek(), key, values);
for (const element of document.querySelectorAll<HTMLElement>("[data-word]")) {
  element.textContent = t(element.dataset.word as StringKey);
}
document.title = `${t("login.title")} · ${t("app.name")}`;

const form = document.querySelector("form")!;
const field = document.querySelector("input")!;
const button = document.querySelector("button")!;
const trouble = document.getElementById("trouble")!;

if (location.hash === "#unpaired") {
  history.replaceState(null, "", location.pathname);
  tell(t("login.unpaired"), t("login.unpaired_next"));
}
field.focus();
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void logIn(field.value.trim());
});

async function logIn(token: string): Promise<void> {
  if (token === "") return field.focus();
  tell("");
  button.disabled = true;
  button.textContent = t("login.busy");
  try {
    const response = await fetch("/auth/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) return refused(answer);
    const { session_token: key } = answer as { session_token: string };
    writeLoginKey(kept, key);
    if (localStorage.getItem("aleph.session_token") === null) return tell(t("login.no_cookie"));
    location.assign("/");
  } catch {
    // No answer, or one that is not ours.
    tell(t("login.offline"), t("login.offline_next"));
  } finally {
    button.disabled = false;
    button.textContent = t("login.submit");
  }
}

function refused(answer: unknown): void {
  const { reason, message, data } = (
    answer as { error: { reason: string; message: string; data?: Record<string, unknown> } }
  ).error;
  if (reason === "auth_failed") tell(t("login.wrong"), t("login.wrong_next"));
  else if (reason === "rate_limited") {
    tell(t("login.too_often", { seconds: Math.ceil(Number(data?.retry_after_ms ?? 1000) / 1000) }));
  } else tell(`${message}.`);
  field.select();
}

function tell(what: string, next = ""): void {
  trouble.replaceChildren();
  field.setAttribute("aria-invalid", String(what !== ""));
  if (what === "") return;
  const first = document.createElement("strong");
  first.textContent = what;
  trouble.append(first, ` ${next}`);
}
