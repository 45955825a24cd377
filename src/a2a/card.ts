/** The agent card: what we are, where we answer, in which versions, and what it takes to be let in. */
import { AgentCard } from "@a2a-js/sdk";
import { VERSION } from "../lib/version.ts";

export interface CardFacts {
  readonly name: string;
  readonly description: string;
  /** Where the requests go. */
  readonly url: string;
  /** Whether a bearer token is asked for. */
  readonly isGuarded: boolean;
}

const MODES = ["text/plain", "application/json", "image/*", "application/pdf", "application/octet-stream"];
export const VERSIONS = ["1.0", "0.3"] as const;

export function cardOf({ name, description, url, isGuarded }: CardFacts): AgentCard {
  return {
    name,
    description,
    version: VERSION,
    supportedInterfaces: VERSIONS.map((protocolVersion) => ({
      url,
      protocolBinding: "JSONRPC",
      tenant: "",
      protocolVersion,
    })),
    provider: undefined,
    capabilities: { streaming: true, pushNotifications: true, extensions: [], extendedAgentCard: false },
    securitySchemes: isGuarded
      ? {
          bearer: {
            scheme: {
              $case: "httpAuthSecurityScheme",
              value: { description: "Given out by the owner of this agent", scheme: "Bearer", bearerFormat: "" },
            },
          },
        }
      : {},
    securityRequirements: isGuarded ? [{ schemes: { bearer: { list: [] } } }] : [],
    defaultInputModes: MODES,
    defaultOutputModes: MODES,
    skills: [
      {
        id: "chat",
        name: "Ask the assistant",
        description:
          "Give it a task in plain words, with files where needed; it works on it with its tools and answers",
        tags: ["assistant"],
        examples: [],
        inputModes: [],
        outputModes: [],
        securityRequirements: [],
      },
    ],
    signatures: [],
  };
}

/**
 * For who says that it speaks 1.0, the card as that version has it. Else one document that clients of both read: where the two
 * name things differently, both names are in it.
 */
export function cardJson(card: AgentCard, version: string | undefined): Record<string, unknown> {
  const whole = AgentCard.toJSON(card) as Record<string, unknown>;
  if (version === "1.0") return whole;
  const { securitySchemes, ...json } = whole;
  const { url } = card.supportedInterfaces[0]!;
  const isGuarded = card.securityRequirements.length > 0;
  const { bearer } = (securitySchemes ?? {}) as { bearer?: object };
  return {
    ...json,
    protocolVersion: "0.3.0",
    url,
    preferredTransport: "JSONRPC",
    additionalInterfaces: [{ url, transport: "JSONRPC" }],
    ...(isGuarded
      ? {
          securitySchemes: { bearer: { type: "http", scheme: "bearer", ...bearer } },
          security: [{ bearer: [] }],
        }
      : {}),
  };
}
