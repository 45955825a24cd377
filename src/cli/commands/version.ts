/** `aleph version`: which Aleph this is, and the licences of what is inside of it. */
import { VERSION } from "../../lib/version.ts";
import { defineCommand } from "../command.ts";
import { jsonFlag } from "../flags.ts";
import { writeJson } from "../output.ts";

export const version = defineCommand({
  summary: "Print the version",
  args: {
    licenses: { type: "boolean", description: "print the licence notices of all that the executable contains" },
    ...jsonFlag,
  },
  async run(args, { terminal: { out } }) {
    if (args.licenses) {
      const { default: notices } = await import("../../../THIRD-PARTY-NOTICES.txt", { with: { type: "text" } });
      out.write(notices);
      return;
    }
    const { platform, arch } = process;
    if (args.json) writeJson(out, { version: VERSION, bun: Bun.version, platform, arch });
    else out.write(`aleph ${VERSION} (Bun ${Bun.version}, ${platform} ${arch})\n`);
  },
});
