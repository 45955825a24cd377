/** `aleph open`: the panel in a browser, logged in. */
import { originOf } from "../../client/address.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { homeOf, jsonFlag, serverFlags } from "../flags.ts";
import { SERVER_ONLY } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { pairingLink } from "../pairing-link.ts";

/** For a browser to start. */
const LASTS_MS = 120_000;

export const open = defineCommand({
  summary: "Open the panel in a browser, logged in",
  details:
    "The browser gets a key of its own, by a link that works once and for two minutes; `aleph devices` lists it and ends it.",
  args: {
    print: { type: "boolean", description: "print the link and start no browser" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph open", "the panel of the server on this machine"],
    ["aleph open --print", "a link for a browser that you start yourself"],
  ],
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client, url = "" }) => {
        const { env, terminal } = invocation;
        const { out, err } = terminal;
        const origin = originOf(url);
        const { auth_mode } = await client.call("system.info", {});
        // Where nobody logs in, the address is all there is.
        const offer =
          auth_mode === "none" ? undefined : await client.call("auth.pairing.invite", { expires_in_ms: LASTS_MS });
        const link = offer ? pairingLink({ origin, code: offer.code }) : `${origin}/`;
        if (args.json) return writeJson(out, { link, expires_at: offer?.expires_at ?? null });
        if (args.print) return void out.write(`${link}\n`);
        const { showPage } = await import("../show-page.ts");
        const shown = await showPage(link, { home: homeOf(args, env), env, platform: process.platform });
        const once = offer ? " (it works once, for two minutes)" : "";
        if (shown) err.write(`Opening ${origin} in the browser. If it shows nothing, open this${once}:\n`);
        else err.write(`No browser was found here. Open this in one${once}:\n`);
        out.write(`${link}\n`);
      },
      SERVER_ONLY,
    ),
});
