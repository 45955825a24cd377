/** The widget: one script tag on somebody's page, with an invite as its key. It keeps nothing in the visitor's browser. */
import { openWebSocket } from "../../client/transport.ts";
import tokens from "../styles/tokens.css" with { type: "text" };
import { createChat } from "./chat.ts";
import { createView } from "./view.ts";
import css from "./widget.css" with { type: "text" };
import { speechOf } from "./words.ts";

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  if (document.body) start(script);
  else document.addEventListener("DOMContentLoaded", () => start(script), { once: true });
}

function start({ src, dataset }: HTMLScriptElement): void {
  const { invite, title, lang, theme, side } = dataset;
  if (!invite) {
    console.error("Aleph's widget needs data-invite on its script tag");
    return;
  }
  if (document.querySelector("aleph-widget")) return;
  const speech = speechOf([lang, document.documentElement.lang, ...navigator.languages]);
  const socket = new URL("ws", src);
  socket.protocol = socket.protocol.replace("http", "ws");
  const view = createView({
    window,
    speech,
    title: title || speech.say("title"),
    theme: theme === "light" || theme === "dark" ? theme : undefined,
    side: side === "left" ? "left" : "right",
    // The panel's colours and distances, for the root of a shadow.
    css: tokens.replace(/:root(\[[^\]]+\])?/g, (_, pinned?: string) => (pinned ? `:host(${pinned})` : ":host")) + css,
    chat: () =>
      createChat({
        invite,
        open: () => openWebSocket(socket.href),
        isThere: () =>
          fetch(src, { method: "HEAD", cache: "no-store", credentials: "omit" }).then(
            ({ ok }) => ok,
            () => false,
          ),
        onChange: (state) => view.show(state),
        // `randomUUID` is not there on pages without TLS.
        createKey: () => crypto.getRandomValues(new Uint32Array(4)).join("-"),
      }),
  });
}
