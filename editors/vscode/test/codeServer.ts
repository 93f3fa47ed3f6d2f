// VS Code as a server: code-server, with everything it writes in a folder of its own.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

import { until } from "./scenario";

const SETTINGS = {
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "git.enabled": false,
  "chat.commandCenter.enabled": false,
  "chat.disableAIFeatures": true,
  "window.commandCenter": false,
  "editor.lightbulb.enabled": "on",
  "editor.accessibilitySupport": "off",
  "editor.fontFamily": "DejaVu Sans Mono",
  "editor.minimap.enabled": false,
  "files.autoSave": "off",
  "security.workspace.trust.startupPrompt": "never",
};

export interface Options {
  /** The script that starts it. */
  readonly entry: string;
  readonly state: string;
  readonly vsix: string;
  readonly env: Record<string, string>;
  /** Whether folders have to be trusted by the user first. */
  readonly asksForTrust: boolean;
}

export class CodeServer {
  private constructor(
    private readonly process: ChildProcess,
    private readonly options: Options,
    readonly url: string,
  ) {}

  static async start(options: Options): Promise<CodeServer> {
    const { entry, state, vsix } = options;
    mkdirSync(join(state, "User"), { recursive: true });
    mkdirSync(join(state, "Machine"), { recursive: true });
    writeFileSync(join(state, "config.yaml"), "");
    writeSettings(state, {});
    const env = {
      ...process.env,
      ...options.env,
      XDG_CONFIG_HOME: join(state, "config"),
      XDG_DATA_HOME: join(state, "data"),
      XDG_CACHE_HOME: join(state, "cache"),
      CS_DISABLE_GETTING_STARTED_OVERRIDE: "1",
    };
    const common = [entry, "--config", join(state, "config.yaml"), "--user-data-dir", state];
    common.push("--extensions-dir", join(state, "extensions"));
    execFileSync(process.execPath, [...common, "--install-extension", vsix], { env, stdio: "pipe" });
    const port = await freePort();
    const flags = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry"];
    flags.push("--disable-update-check", "--disable-getting-started-override", "--disable-file-downloads");
    if (!options.asksForTrust) {
      flags.push("--disable-workspace-trust");
    }
    const log = openSync(join(state, "server.log"), "w");
    const child = spawn(process.execPath, [...common, ...flags], { env, stdio: ["ignore", log, log], detached: true });
    const server = new CodeServer(child, options, `http://127.0.0.1:${port}`);
    await until("code-server answers", () => server.answers(), () => server.log());
    return server;
  }

  /** Changes settings of the user, beside those that all tests have. */
  set(settings: Record<string, unknown>): void {
    writeSettings(this.options.state, settings);
  }

  private async answers(): Promise<boolean> {
    if (this.process.exitCode !== null) {
      throw new Error(`code-server ended: ${this.log()}`);
    }
    try {
      return (await fetch(`${this.url}/healthz`)).ok;
    } catch {
      return false;
    }
  }

  log(): string {
    return readFileSync(join(this.options.state, "server.log"), "utf8");
  }

  /** How often the extension has started its server, by its own log. */
  starts(): number {
    const logs = join(this.options.state, "logs");
    const files = readdirSync(logs, { recursive: true, encoding: "utf8" });
    const own = files.filter((file) => file.endsWith("/leakwright.leakwright/Leakwright.log"));
    return own.flatMap((file) => readFileSync(join(logs, file), "utf8").match(/ is running$/gm) ?? []).length;
  }

  /** Changes settings, and waits until the extension has started its server again for that. */
  async setAndRestart(settings: Record<string, unknown>): Promise<void> {
    const before = this.starts();
    this.set(settings);
    await until("the server is started again", () => this.starts() > before, () => this.starts());
  }

  /** Ends it, and what it started. */
  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.pid !== undefined) {
      const ended = once(this.process, "exit");
      process.kill(-this.process.pid, "SIGTERM");
      await ended;
    }
  }
}

/** Settings of machine scope are read from one file, the others from another. */
function writeSettings(state: string, settings: Record<string, unknown>): void {
  for (const scope of ["User", "Machine"]) {
    writeFileSync(join(state, scope, "settings.json"), JSON.stringify({ ...SETTINGS, ...settings }, null, 1));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
