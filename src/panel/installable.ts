/** What makes the panel an application: its manifest, its icons, and the worker that shows it without a server. Runs in the server. */

import icon192 from "./icons/icon-192.png" with { type: "file" };
import icon512 from "./icons/icon-512.png" with { type: "file" };
import maskable512 from "./icons/icon-maskable-512.png" with { type: "file" };
import touch180 from "./icons/icon-touch-180.png" with { type: "file" };
import worker from "./service-worker.txt" with { type: "text" };

const ICONS = {
  "/icon-192.png": icon192,
  "/icon-512.png": icon512,
  "/icon-maskable-512.png": maskable512,
  "/icon-touch-180.png": touch180,
} as const;

/** In the head of the panel's page. */
export const INSTALLABLE_LINKS =
  '<link rel="manifest" href="/manifest.webmanifest"><link rel="apple-touch-icon" href="/icon-touch-180.png">';

const MANIFEST = {
  id: "/",
  name: "Aleph",
  short_name: "Aleph",
  description: "A personal assistant on your own machine",
  start_url: "/",
  scope: "/",
  display: "standalone",
  background_color: "#fbfaf6",
  theme_color: "#f3f1ea",
  icons: [
    { src: "/icon-192.png", sizes: "192x192", type: "image/png", purpose: "any" },
    { src: "/icon-512.png", sizes: "512x512", type: "image/png", purpose: "any" },
    { src: "/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
  ],
  shortcuts: [{ name: "New conversation", url: "/#/new" }],
};

export interface InstallableFile {
  readonly path: string;
  readonly name: string;
  readonly body: Blob;
}

/** `shell`: the paths of the static files of this version that the panel needs to show itself, and what is in them. */
export function installableFiles(shell: ReadonlyMap<string, string>): readonly InstallableFile[] {
  const files = ["/", ...Object.keys(ICONS), ...[...shell.keys()].filter((path) => path !== "/")];
  const version = Bun.hash([...shell].flat().join("\n")).toString(36);
  const script = `const VERSION = ${JSON.stringify(version)};\nconst FILES = ${JSON.stringify(files)};\n${worker}`;
  return [
    { path: "/manifest.webmanifest", name: "manifest.webmanifest", body: new Blob([JSON.stringify(MANIFEST)]) },
    { path: "/sw.js", name: "sw.js", body: new Blob([script]) },
    ...Object.entries(ICONS).map(([path, file]) => ({ path, name: path.slice(1), body: Bun.file(file) })),
  ];
}
