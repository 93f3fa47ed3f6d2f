// The extension: what starts it, what it is made of, what ends it.

import * as vscode from "vscode";

import { registerCommands } from "./commands";
import { Findings } from "./findings";
import { Report } from "./report";
import { RulePages } from "./rules";
import { Server } from "./server";
import { Status } from "./status";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("Leakwright", { log: true });
  const findings = new Findings();
  server = new Server(context, log);
  const report = new Report(context, findings);
  const pages = new RulePages(server);
  context.subscriptions.push(log, findings, server, report, pages, new Status(server, findings));
  registerCommands(context, { server, findings, report, pages, log });
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => server?.configurationChanged(change)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server?.restart()),
  );
  await server.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
