/** Logging in as the panel's page does. */
export interface PanelLogin {
  readonly key: string;
  readonly cookie: string;
}

/** `url` is the server's; with a cookie it is sent along. */
export async function logIn(url: string, token: string, cookie?: string): Promise<PanelLogin> {
  const answer = await fetch(`${url}/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url, ...(cookie === undefined ? {} : { cookie }) },
    body: JSON.stringify({ token }),
  });
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  const { session_token } = (await answer.json()) as { session_token: string };
  return { key: session_token, cookie: answer.headers.get("set-cookie")!.split(";", 1)[0]! };
}
