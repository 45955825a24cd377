/** The agent for launchd, which macOS starts when the person logs in. */
import { join } from "node:path";
import { commandLine, homeOfService, SERVICE_NAME, type ServiceDescription } from "./description.ts";

/** `home` is where Aleph keeps everything, with or without ALEPH_HOME; its folder `logs` must be there. */
export function launchdPlist(description: ServiceDescription, home: string): string {
  const own = homeOfService(description);
  const log = join(home, "logs/service.log");
  const words = commandLine(description).map((word) => `    <string>${xml(word)}</string>`);
  const environment =
    own === undefined
      ? ""
      : `  <key>EnvironmentVariables</key>
  <dict>
    <key>ALEPH_HOME</key>
    <string>${xml(own)}</string>
  </dict>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${SERVICE_NAME}</string>
  <key>ProgramArguments</key>
  <array>
${words.join("\n")}
  </array>
${environment}  <key>RunAtLoad</key>
  <true/>
  <!-- Started again after a crash, left alone after a stop. -->
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ExitTimeOut</key>
  <integer>90</integer>
  <!-- 0077 -->
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardErrorPath</key>
  <string>${xml(log)}</string>
</dict>
</plist>
`;
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
