/** Where the panel starts in the browser. */
import { effect } from "@preact/signals";
import { options, render } from "preact";
import { openWebSocket } from "../client/transport.ts";
import { App } from "./app.tsx";
import { createTypesetter } from "./markdown/typesetter.ts";
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

const panel = createPanel({
  // The page's own server and no other: nothing in an address can name one.
  open: () => openWebSocket(address.href),
  loginKey: () => readLoginKey(kept),
  kept,
  router: createRouter(window),
  languages: navigator.languages,
  now: Date.now,
});

const RETURN = "aleph.return";
const place = keptHere.read(RETURN);
if (typeof place === "string" && location.hash === "") location.replace(place.startsWith("#/") ? place : "#/new");
keptHere.write(RETURN, undefined);

effect(() => {
  const link = panel.connection.link.value;
  if (link.kind !== "refused") return;
  const { reason } = link.error;
  if (reason !== "unauthenticated" && reason !== "auth_failed") return;
  writeLoginKey(kept, undefined);
  keptHere.write(RETURN, location.hash);
  location.assign("/login");
});

window.addEventListener("online", () => panel.connection.retryNow());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) panel.connection.retryNow();
});

async function logOut(): Promise<void> {
  writeLoginKey(kept, undefined);
  panel[Symbol.dispose]();
  await fetch("/auth/logout", { method: "POST" }).catch(() => "without a server there is nothing to end");
  location.assign("/login");
}

render(
  <App
    panel={panel}
    typesetter={createTypesetter(window)}
    drafts={createDrafts(keptHere)}
    logOut={() => void logOut()}
  />,
  document.getElementById("app")!,
);
