/** Where the panel starts in the browser. */
import { effect } from "@preact/signals";
import { options, render } from "preact";
import { openWebSocket } from "../client/transport.ts";
import { AlephError } from "../protocol/errors.ts";
import { App } from "./app.tsx";
import { becomeApplication } from "./application.ts";
import { deviceName, openEntry } from "./device/entry.ts";
import { createTypesetter } from "./markdown/typesetter.ts";
import { leadsToLogin } from "./state/connection.ts";
import { createDrafts } from "./state/drafts.ts";
import { readLoginKey, writeLoginKey } from "./state/login-key.ts";
import { createPanel } from "./state/panel.ts";
import { createRouter } from "./state/router.ts";
import { keptIn } from "./state/storage.ts";

// Whatever comes within one frame is shown at once: a fast answer costs no more than 60 pictures a second.
options.debounceRendering = (work) => void requestAnimationFrame(work);

const kept = keptIn(localStorage);
const keptHere = keptIn(sessionStorage);
const address = new URL("/ws", location.href);
address.protocol = address.protocol === "https:" ? "wss:" : "ws:";

const entry = await openEntry({
  kept,
  hash: location.hash,
  clearHash: () => history.replaceState(null, "", "#/new"),
  login: { exists: () => readLoginKey(kept) !== undefined, forget: () => writeLoginKey(kept, undefined) },
}).catch(() => {
  // The browser keeps nothing here: then there is the login.
  return undefined;
});

const panel = createPanel({
  // The page's own server and no other: nothing in an address can name one.
  open: () => openWebSocket(address.href),
  loginKey: () => readLoginKey(kept),
  ...(entry
    ? { device: { credentials: entry.credentials, name: deviceName(navigator.userAgent), host: location.host } }
    : {}),
  kept,
  router: createRouter(window),
  fetch: (path) => fetch(path),
  languages: navigator.languages,
  now: Date.now,
});

const RETURN = "aleph.return";
const place = keptHere.read(RETURN);
if (typeof place === "string" && location.hash === "") location.replace(place.startsWith("#/") ? place : "#/new");
keptHere.write(RETURN, undefined);

effect(() => {
  const link = panel.connection.link.value;
  if (link.kind === "connected") entry?.paired();
  if (link.kind !== "refused" || !leadsToLogin(link.error)) return;
  if (!entry) return toLogin();
  void entry.refused(link.error.reason).then((next) => {
    if (next === "again") panel.connection.retryNow();
    else toLogin(next === "unpaired" ? "#unpaired" : "");
  });
});

function toLogin(why = ""): void {
  writeLoginKey(kept, undefined);
  keptHere.write(RETURN, location.hash);
  location.assign(`/login${why}`);
}

window.addEventListener("online", () => panel.connection.retryNow());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) panel.connection.retryNow();
});

async function logOut(): Promise<void> {
  writeLoginKey(kept, undefined);
  const id = entry?.deviceId;
  if (entry && id !== undefined) {
    // Who may not revoke it leaves an entry in the list behind, whose key no longer exists.
    await panel.connection
      .call("auth.devices.revoke", { device_id: id })
      .catch(() => "it may have ended the line itself");
    await entry.forget();
  }
  panel[Symbol.dispose]();
  await fetch("/auth/logout", { method: "POST" }).catch(() => "without a server there is nothing to end");
  location.assign("/login");
}

async function logOutEverywhere(): Promise<void> {
  await panel.connection.call("auth.logins.endAll", {}).catch((error: unknown) => {
    // The line ends with the login, maybe before the answer has come.
    if (!(error instanceof AlephError && error.reason === "cancelled")) throw error;
  });
  await logOut();
}

await panel.wording.ready;
render(
  <App
    panel={panel}
    typesetter={createTypesetter(window)}
    drafts={createDrafts(keptHere)}
    logOut={() => void logOut()}
    logOutEverywhere={logOutEverywhere}
  />,
  document.getElementById("app")!,
);
becomeApplication(panel);
