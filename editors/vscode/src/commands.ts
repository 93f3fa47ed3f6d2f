// The commands, each in a line or two.

import * as vscode from "vscode";

import type { Findings } from "./findings";
import { fixAllInFile, fixAllInWorkspace } from "./fixes";
import type { Report } from "./report";
import type { RulePages } from "./rules";
import { scanWorkspace } from "./scan";
import type { Server } from "./server";

export interface Parts {
  readonly server: Server;
  readonly findings: Findings;
  readonly report: Report;
  readonly pages: RulePages;
  readonly log: vscode.LogOutputChannel;
}

/** What the item in the status bar offers. */
const MENU: [command: string, label: string][] = [
  ["leakwright.showReport", "$(table) Show report"],
  ["workbench.actions.view.problems", "$(warning) Show problems"],
  ["leakwright.scanWorkspace", "$(search) Scan workspace"],
  ["leakwright.fixAllInWorkspace", "$(wand) Fix all that is safe in the workspace…"],
  ["leakwright.explainRule", "$(book) Explain rule…"],
  ["leakwright.restart", "$(debug-restart) Restart server"],
  ["leakwright.openLog", "$(output) Open log"],
];

export function registerCommands(context: vscode.ExtensionContext, parts: Parts): void {
  const { server, findings, report, pages, log } = parts;
  const commands: Record<string, (...args: unknown[]) => unknown> = {
    showReport: () => { report.show(); },
    scanWorkspace: () => scanWorkspace(server, findings),
    fixAllInFile: () => withPython((editor) => fixAllInFile(editor.document.uri)),
    fixAllInWorkspace: () => fixAllInWorkspace(findings),
    explainRule: (code) => explainRule(parts, code),
    restart: () => server.restart(),
    openLog: () => { log.show(); },
    showMenu,
    // What the report links to.
    explain: (code) => pages.show(String(code)),
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`leakwright.${name}`, run));
  }
}

async function withPython(run: (editor: vscode.TextEditor) => Promise<void>): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId === "python") {
    await run(editor);
  } else {
    void vscode.window.showInformationMessage("Leakwright: open a Python file first.");
  }
}

/** Explains the rule that is named, that of the only finding at the cursor, or one that is chosen. */
async function explainRule({ findings, pages }: Parts, named: unknown): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const here = editor ? findings.at(editor.document.uri, editor.selection) : [];
  const code = typeof named === "string" ? named : await pages.choose(here);
  if (code !== undefined) {
    await pages.show(code);
  }
}

async function showMenu(): Promise<void> {
  const items = MENU.map(([command, label]) => ({ label, command }));
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "Leakwright" });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}
