/** What the attack program finds, and what it says afterwards. */

export interface AttackScene {
  readonly readable: string;
  readonly writable: string;
  readonly outside: string;
  /** The process that started it. */
  readonly server: number;
  readonly user: number;
  readonly priority: number;
  /** Of a TCP listener, and the name of an abstract socket. */
  readonly port: number;
  readonly abstract: string;
  /** The names of all variables that it should see, as JSON. */
  readonly variables: string;
}

export interface AttackReport {
  readonly worked: string[];
  readonly prevented: Record<string, string>;
  readonly allowed: string[];
  readonly refused: Record<string, string>;
}
