/** What the environment and the files of a home are for, as the manual and the reference tell it. */

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  ALEPH_HOME: "The folder that holds everything; ~/.aleph if it is not set",
  ALEPH_URL: "A server elsewhere, as with --url",
  ALEPH_TOKEN: "The token for it; without one this terminal shows a key of its own",
  ALEPH_LOG_LEVEL: "What is logged: debug, info, warn or error; stands above the config",
  NO_COLOR: "No colours, when it is set to anything",
  TERM: "dumb: no colours",
};

export const FILES: Readonly<Record<string, string>> = {
  "~/.aleph/config.toml": "The only file to edit; see docs/configuration.md",
  "~/.aleph/credentials/token": "The owner's token; whoever has it may do everything",
  "~/.aleph/aleph.db": "Sessions, runs, facts and all the rest",
  "~/.aleph/logs": "What the server has logged",
  "~/.aleph/remotes.json": "Servers elsewhere, as aleph remote keeps them",
};
