/** `aleph password`: the owner's password for the panel, beside the token. */
import { ensureHome } from "../../config/home.ts";
import { removePassword, setPassword } from "../../config/password-file.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { usageError } from "../failure.ts";
import { homeFlags, homeOf } from "../flags.ts";
import { askSecret } from "../question.ts";
import { readStandardInput } from "../standard-input.ts";

const set = defineCommand({
  summary: "Set the password for the panel, from the terminal or standard input",
  details:
    "It is asked for without showing it; off a terminal the first line of standard input is taken. It is never an argument: others on the machine can see those. Whoever is logged in with the password before is logged out.",
  args: homeFlags,
  examples: [["aleph password set", "type it twice"]],
  async run(args, { env, terminal }) {
    const home = homeOf(args, env);
    let password: string;
    if (terminal.interactive) {
      password = await askSecret(terminal, "New password:");
      if ((await askSecret(terminal, "Once more:")) !== password) {
        throw usageError("The two are not the same", "Try again: aleph password set");
      }
    } else {
      const onWaiting = () => terminal.err.write("Waiting for the password on standard input …\n");
      const text = (await readStandardInput({ limit: 4096, onWaiting })) ?? "";
      password = text.split(/\r?\n/, 1)[0]!.trim();
    }
    ensureHome(home);
    await setPassword(home.credentials, password);
    terminal.err.write("The password is set\n");
  },
});

const remove = defineCommand({
  summary: "Remove the password: the token alone opens the panel",
  args: homeFlags,
  async run(args, { env, terminal }) {
    const had = removePassword(homeOf(args, env).credentials);
    terminal.err.write(had ? "The password is removed\n" : "There was no password\n");
  },
});

export const password = defineGroup({
  summary: "Set or remove the password for the panel",
  commands: { set, remove },
});
