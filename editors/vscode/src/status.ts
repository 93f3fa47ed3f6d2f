// The item in the status bar: how many leaks, and what the server does.

import * as vscode from "vscode";

import type { Findings } from "./findings";
import type { Server, State } from "./server";

export class Status implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly listeners: vscode.Disposable[];

  constructor(
    private readonly server: Server,
    private readonly findings: Findings,
  ) {
    this.item = vscode.window.createStatusBarItem("leakwright.status", vscode.StatusBarAlignment.Left, 0);
    this.item.name = "Leakwright";
    this.item.command = "leakwright.showMenu";
    this.listeners = [
      server.onDidChangeState(() => { this.update(); }),
      findings.onDidChange(() => { this.update(); }),
    ];
    this.update();
    this.item.show();
  }

  dispose(): void {
    this.listeners.forEach((listener) => { listener.dispose(); });
    this.item.dispose();
  }

  private update(): void {
    const found = this.findings.all();
    const leaks = found.filter((one) => one.severity <= vscode.DiagnosticSeverity.Warning).length;
    const state = this.server.state;
    this.item.text = text(state, leaks);
    this.item.tooltip = this.tooltip(state, leaks, found.length - leaks);
    this.item.backgroundColor =
      state.kind === "failed" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.accessibilityInformation = { label: `Leakwright: ${leaks} leaks, ${words(state)}`, role: "button" };
  }

  private tooltip(state: State, leaks: number, others: number): vscode.MarkdownString {
    const program = this.server.executable;
    const version = this.server.version;
    const lines = [
      `**Leakwright**${version === undefined ? "" : ` ${version}`}: ${words(state)}`,
      `${leaks} ${leaks === 1 ? "leak" : "leaks"}${others === 0 ? "" : `, ${others} more for information`}`,
    ];
    if (program !== undefined) {
      lines.push(`\`${program.path}\` (${program.origin})`);
    }
    return new vscode.MarkdownString(lines.join("\n\n"));
  }
}

function text(state: State, leaks: number): string {
  switch (state.kind) {
    case "off":
      return "$(circle-slash) Leaks";
    case "starting":
      return "$(sync~spin) Leaks";
    case "scanning":
      return `$(sync~spin) Leaks: ${leaks}`;
    case "failed":
      return "$(error) Leaks";
    case "ready":
      return leaks === 0 ? "$(pass) Leaks: 0" : `$(flame) Leaks: ${leaks}`;
  }
}

function words(state: State): string {
  switch (state.kind) {
    case "off":
      return "off";
    case "starting":
      return "starting";
    case "scanning":
      return state.progress === "" ? "looking through the files" : state.progress;
    case "failed":
      return state.reason;
    case "ready":
      return "running";
  }
}
