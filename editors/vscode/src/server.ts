// The language server's life: started, started again, watched, ended.

import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  State as ClientState,
  type CloseHandlerResult,
  type StaticFeature,
} from "vscode-languageclient/node";

import { type Executable, locate } from "./executable";

/** What the server does, as the user is told. */
export type State =
  | { kind: "off" }
  | { kind: "starting" }
  | { kind: "scanning"; progress: string }
  | { kind: "ready" }
  | { kind: "failed"; reason: string };

/** Ends within this time, in milliseconds, that are too many to start the server once more. */
const CRASHES = { number: 5, within: 3 * 60 * 1000 };

/** How long the server may take to end when it is asked to, in milliseconds. */
const STOPS_WITHIN = 3000;

export class Server implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<State>();
  readonly onDidChangeState = this.changed.event;
  private current: State = { kind: "off" };
  private client: LanguageClient | undefined;
  /** The commands of the server that runs. */
  private commands: readonly string[] = [];
  private found: Executable | undefined;
  /** Starts and stops happen one after the other, in the order in which they are asked for. */
  private queue: Promise<void> = Promise.resolve();
  /** What the user clicked in a quick fix that opens the page of a rule. */
  onOpenPage: ((code: string) => unknown) | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get state(): State {
    return this.current;
  }

  /** The program that runs, or would run. */
  get executable(): Executable | undefined {
    return this.found;
  }

  /** Version of the server that runs. */
  get version(): string | undefined {
    return this.client?.initializeResult?.serverInfo?.version;
  }

  start(): Promise<void> {
    return this.enqueue(() => this.startNow());
  }

  stop(): Promise<void> {
    return this.enqueue(() => this.stopNow());
  }

  restart(): Promise<void> {
    return this.enqueue(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  configurationChanged(change: vscode.ConfigurationChangeEvent): void {
    const restarting = ["enable", "path", "previewUnsafeFixes"].map((name) => `leakwright.${name}`);
    if (restarting.some((name) => change.affectsConfiguration(name))) {
      // The client tells the server of the change as well, and complains if that is being stopped.
      setTimeout(() => void this.restart(), 0);
    }
  }

  /** Whether the server has a command of this name. */
  hasCommand(command: string): boolean {
    return this.commands.includes(command);
  }

  async execute(command: string, ...args: unknown[]): Promise<unknown> {
    return this.client?.sendRequest("workspace/executeCommand", { command, arguments: args });
  }

  async notify(method: string, params: object): Promise<void> {
    await this.client?.sendNotification(method, params);
  }

  dispose(): void {
    void this.stop();
    this.changed.dispose();
  }

  private enqueue(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step, step);
    return this.queue;
  }

  private become(state: State): void {
    this.current = state;
    this.changed.fire(state);
  }

  private async startNow(): Promise<void> {
    if (!vscode.workspace.getConfiguration("leakwright").get<boolean>("enable", true)) {
      this.become({ kind: "off" });
      return;
    }
    this.become({ kind: "starting" });
    try {
      this.found = await locate(this.context);
      this.log.info(`starting ${this.found.path} (${this.found.origin})`);
      const client = this.newClient(this.found);
      this.client = client;
      await client.start();
      this.log.info(`leakwright ${this.version ?? "of an unknown version"} is running`);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose(STOPS_WITHIN);
    } catch (error) {
      this.log.debug(`the server did not end well: ${String(error)}`);
    }
    this.become({ kind: "off" });
  }

  private fail(reason: string): void {
    this.log.error(reason);
    this.become({ kind: "failed", reason });
    void vscode.window.showErrorMessage(`Leakwright: ${reason}`, "Open Log", "Open Settings").then((choice) => {
      if (choice === "Open Log") {
        this.log.show();
      } else if (choice === "Open Settings") {
        void vscode.commands.executeCommand("workbench.action.openSettings", "leakwright");
      }
    });
  }

  private newClient({ path: command }: Executable): LanguageClient {
    const client: LanguageClient = new LanguageClient(
      "leakwright",
      "Leakwright",
      { command, args: ["server"] },
      {
        documentSelector: ["file", "untitled", "vscode-vfs"].map((scheme) => ({ scheme, language: "python" })),
        diagnosticCollectionName: "leakwright",
        outputChannel: this.log,
        errorHandler: this.errorHandler(),
        initializationFailedHandler: () => false,
        middleware: {
          workspace: {
            didChangeConfiguration: (sections, next) =>
              this.client === client ? next(sections) : Promise.resolve(),
          },
          executeCommand: (name, args: unknown[], next): unknown =>
            name === "leakwright.openPage" && this.onOpenPage
              ? this.onOpenPage(String(args[0]))
              : next(name, args),
          handleWorkDoneProgress: (token, params, next) => {
            if (this.client === client) {
              this.progressed(params);
            }
            next(token, params);
          },
        },
      },
    );
    client.registerFeature(this.ourCapabilities());
    client.onDidChangeState(({ newState }) => {
      if (this.client !== client) {
        return;
      }
      if (newState === ClientState.Running) {
        this.become({ kind: "ready" });
      } else if (newState === ClientState.Starting) {
        this.become({ kind: "starting" });
      }
    });
    return client;
  }

  private progressed(params: { kind: string; message?: string }): void {
    if (this.current.kind !== "scanning" && this.current.kind !== "ready") {
      return;
    }
    this.become(params.kind === "end" ? { kind: "ready" } : { kind: "scanning", progress: params.message ?? "" });
  }

  /** Starts a server that ended by itself again, unless it does so again and again. */
  private errorHandler() {
    let ends: number[] = [];
    return {
      error: () => ({ action: ErrorAction.Continue }),
      closed: (): CloseHandlerResult => {
        const now = Date.now();
        ends = [...ends.filter((end) => now - end < CRASHES.within), now];
        if (ends.length < CRASHES.number) {
          this.log.warn("the server ended unexpectedly and is started again");
          return { action: CloseAction.Restart };
        }
        this.fail(`The server ended ${ends.length} times within three minutes and is not started again.`);
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  /**
   * What we can beyond the protocol: the number that a fix puts in is selected. And a command of the server that is
   * named like one of ours stays with the server: the editor knows ours, which may ask for it.
   */
  private ourCapabilities(): StaticFeature {
    return {
      fillClientCapabilities: (capabilities) => {
        const experimental = (capabilities.experimental ?? {}) as Record<string, unknown>;
        capabilities.experimental = { ...experimental, leakwright: { selectsNumbers: true } };
        // Who chooses a fix by its name has confirmed it, and can undo it.
        if (!vscode.workspace.getConfiguration("leakwright").get<boolean>("previewUnsafeFixes", false)) {
          delete capabilities.workspace?.workspaceEdit?.changeAnnotationSupport;
        }
      },
      preInitialize: ({ executeCommandProvider: provider }) => {
        this.commands = provider?.commands ?? [];
        const manifest = this.context.extension.packageJSON as { contributes: { commands: { command: string }[] } };
        const ours = new Set(manifest.contributes.commands.map(({ command }) => command));
        if (provider) {
          provider.commands = this.commands.filter((command) => !ours.has(command));
        }
      },
      initialize: () => undefined,
      getState: () => ({ kind: "static" }),
      clear: () => undefined,
    };
  }
}
