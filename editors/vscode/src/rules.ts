// The pages of the rules, as the program explains them, shown as Markdown.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as vscode from "vscode";

import type { Finding } from "./findings";
import type { Server } from "./server";

const SCHEME = "leakwright-rule";

/** A rule, as the program lists it. */
interface Rule {
  readonly code: string;
  readonly name: string;
  readonly summary: string;
}

export class RulePages implements vscode.Disposable, vscode.TextDocumentContentProvider {
  private readonly registration: vscode.Disposable;

  constructor(private readonly server: Server) {
    this.registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
    server.onOpenPage = (code) => this.show(code);
  }

  dispose(): void {
    this.registration.dispose();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    return this.run("explain", uri.path.replace(/\.md$/, ""));
  }

  /** Shows the page of a rule beside the code. */
  async show(code: string): Promise<void> {
    if (!/^\w+$/.test(code)) {
      return;
    }
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `${code}.md` });
    await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
  }

  /** Has the user choose a rule: those of the findings at the cursor come first. */
  async choose(here: readonly Finding[]): Promise<string | undefined> {
    const own = new Set(here.map((finding) => finding.code));
    const listed = JSON.parse(await this.run("rules", "--format", "json")) as { readonly rules: readonly Rule[] };
    const rules = listed.rules.map(({ code, name, summary }) => ({ label: code, description: name, detail: summary }));
    const sorted = [
      ...rules.filter((rule) => own.has(rule.label)),
      ...rules.filter((rule) => !own.has(rule.label)),
    ];
    const options = { matchOnDescription: true, matchOnDetail: true, placeHolder: "Which rule?" };
    return (await vscode.window.showQuickPick(sorted, options))?.label;
  }

  private async run(...args: string[]): Promise<string> {
    const program = this.server.executable?.path;
    if (program === undefined) {
      throw new Error("The program `leakwright` was not found.");
    }
    return (await promisify(execFile)(program, args)).stdout;
  }
}
