/** `browser.*` on a node that has a Chromium: the browser tools, with pictures sent along. */
import type { Browsers } from "../../browser/browsers.ts";
import type { Media } from "../../media/media.ts";
import type { NodeAnswer } from "../../protocol/node.ts";
import type { AnyTool } from "../../sdk/tool.ts";
import { browserClick } from "../../tools/browser-click/browser-click.ts";
import { browserEvaluate } from "../../tools/browser-evaluate/browser-evaluate.ts";
import { browserNavigate } from "../../tools/browser-navigate/browser-navigate.ts";
import { browserScreenshot } from "../../tools/browser-screenshot/browser-screenshot.ts";
import { browserSnapshot } from "../../tools/browser-snapshot/browser-snapshot.ts";
import { browserType } from "../../tools/browser-type/browser-type.ts";
import { type NodeCommand, parseArgs, toolCommand, toolContext } from "../node-command.ts";

export interface BrowserNeeds {
  readonly browsers: Browsers;
  readonly config: Parameters<typeof browserNavigate.prepare>[0]["config"];
}

export function browserCommands(needs: BrowserNeeds): Readonly<Record<string, NodeCommand>> {
  const acts = (name: string, tool: AnyTool, looks = false) => ({
    [name]: toolCommand({ name, tool, needs, looks: () => looks }),
  });
  return {
    ...acts("browser.navigate", browserNavigate),
    ...acts("browser.click", browserClick),
    ...acts("browser.type", browserType),
    ...acts("browser.evaluate", browserEvaluate),
    ...acts("browser.snapshot", browserSnapshot, true),
    "browser.screenshot": screenshotCommand(needs),
  };
}

/** A node keeps no media: the picture goes with the answer, and the center keeps it. */
function screenshotCommand({ browsers }: BrowserNeeds): NodeCommand {
  return {
    async prepare(args, context) {
      const input = parseArgs("browser.screenshot", browserScreenshot.params, args);
      const pictures: NonNullable<NodeAnswer["media"]> = [];
      const media: Pick<Media, "put"> = {
        async put(bytes, { mime, name }) {
          pictures.push({ mime, ...(name ? { name } : {}), data: Buffer.from(bytes).toString("base64") });
          return { type: "media", media_id: "", mime, size: bytes.byteLength };
        },
      };
      const prepared = await browserScreenshot.prepare({ browsers, media }, input, toolContext(context));
      return {
        ...prepared,
        bound: input,
        looks: true,
        async run() {
          const { ok, text } = await prepared.run();
          return { ok, text, media: pictures };
        },
      };
    },
  };
}
