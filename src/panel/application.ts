/** The panel as an application of the device: its worker, its installation, its badge. */
import { effect } from "@preact/signals";
import type { Panel } from "./state/panel.ts";

/** What Chromium tells before it would offer to install; other browsers have it in their menus. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

export function becomeApplication(panel: Panel): void {
  const { serviceWorker } = navigator;
  // Not there in private windows and on addresses without a certificate: then the panel is a page, and nothing is lost.
  serviceWorker?.register("/sw.js").catch(() => undefined);
  serviceWorker?.addEventListener("message", ({ data }: MessageEvent<{ readonly place?: unknown }>) => {
    if (typeof data?.place === "string" && data.place.startsWith("#/")) location.hash = data.place;
  });
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    panel.install.value = async () => {
      panel.install.value = undefined;
      await (event as InstallPrompt).prompt();
    };
  });
  addEventListener("appinstalled", () => {
    panel.install.value = undefined;
  });
  effect(() => {
    const waiting = panel.approvals.waiting.value.length + panel.access.pairings.value.length;
    showBadge(waiting);
  });
}

const DOT = '<circle cx="25" cy="25" r="7" fill="#c26a00" stroke="none"/>';

/** On the icon of the tab and, where it is installed, on that of the application. */
function showBadge(count: number): void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (link) {
    link.dataset.plain ??= link.href;
    link.dataset.waiting = String(count);
    if (count === 0) link.href = link.dataset.plain;
    else {
      void dotted(link.dataset.plain).then((address) => {
        // It may have been answered before the mark was there.
        if (link.dataset.waiting !== "0") link.href = address;
      });
    }
  }
  // Refused where it is not installed.
  if ("setAppBadge" in navigator) {
    (count === 0 ? navigator.clearAppBadge() : navigator.setAppBadge(count)).catch(() => undefined);
  }
}

async function dotted(plain: string): Promise<string> {
  try {
    const mark = await (await fetch(plain)).text();
    return `data:image/svg+xml,${encodeURIComponent(mark.replace("</g>", `</g>${DOT}`))}`;
  } catch {
    // Without a server the mark stays as it is; the title says it.
    return plain;
  }
}

/** A notification for somebody who does not look; pressing it leads to `place`. */
export async function notify(body: string, { tag, place }: { readonly tag: string; readonly place: string }) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const options = { body, tag, icon: "/icon-192.png", data: { place } };
  const worker = await navigator.serviceWorker?.getRegistration();
  // Phones show those of a worker only.
  if (worker?.active) return worker.showNotification("Aleph", options);
  const notification = new Notification("Aleph", options);
  notification.onclick = () => {
    window.focus();
    location.hash = place;
  };
}
