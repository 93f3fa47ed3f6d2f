// The report: a table of everything that is found, kept up to date while it is open.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

import type { Finding, Findings, Place } from "./findings";
import type { Row, ToEditor, ToReport } from "./webview/messages";

const VIEW = "leakwright.report";

export class Report implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private panel: vscode.WebviewPanel | undefined;
  /** What the rows of the table are about, in the order in which they were sent. */
  private shown: Finding[] = [];
  private readonly listeners: vscode.Disposable[];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly findings: Findings,
  ) {
    this.listeners = [
      findings.onDidChange(() => { this.send(); }),
      vscode.window.registerWebviewPanelSerializer(VIEW, this),
    ];
  }

  show(): void {
    if (this.panel) {
      this.panel.reveal();
      return;
    }
    this.adopt(vscode.window.createWebviewPanel(VIEW, "Leakwright Report", vscode.ViewColumn.Active, {}));
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.adopt(panel);
    return Promise.resolve();
  }

  dispose(): void {
    this.listeners.forEach((listener) => { listener.dispose(); });
    this.panel?.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    panel.iconPath = this.file("images/icon.svg");
    panel.webview.options = { enableScripts: true, localResourceRoots: [this.file("dist"), this.file("media")] };
    panel.webview.onDidReceiveMessage((message: ToEditor) => this.received(message));
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    panel.webview.html = this.html(panel.webview);
  }

  private file(name: string): vscode.Uri {
    return vscode.Uri.joinPath(this.context.extensionUri, name);
  }

  private send(): void {
    if (!this.panel) {
      return;
    }
    this.shown = this.findings.all();
    const message: ToReport = { rows: this.shown.map(row) };
    void this.panel.webview.postMessage(message);
  }

  private async received(message: ToEditor): Promise<void> {
    if (message.kind === "ready") {
      this.send();
      return;
    }
    if (message.kind === "explain") {
      await vscode.commands.executeCommand("leakwright.explain", message.code);
      return;
    }
    const finding = this.shown[message.row];
    const place = message.evidence === undefined ? finding : finding?.evidence[message.evidence];
    if (place) {
      await open(place);
    }
  }

  private html(webview: vscode.Webview): string {
    const nonce = randomBytes(16).toString("hex");
    const address = (name: string) => webview.asWebviewUri(this.file(name)).toString();
    return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy"
    content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${address("media/report.css")}">
  <title>Leakwright Report</title>
</head>
<body>
  <header>
    <h1>Leaks</h1>
    <p id="summary" role="status"></p>
    <input id="filter" type="search" placeholder="Filter by rule, file or text" aria-label="Filter">
    <label><input id="information" type="checkbox" checked> for information too</label>
  </header>
  <table>
    <thead><tr id="columns"></tr></thead>
    <tbody id="rows"></tbody>
  </table>
  <p id="empty" hidden></p>
  <script nonce="${nonce}" src="${address("dist/report.js")}"></script>
</body>
</html>`;
  }
}

function row(finding: Finding): Row {
  return {
    severity: finding.severity,
    code: finding.code,
    name: finding.name,
    message: finding.message,
    file: vscode.workspace.asRelativePath(finding.uri),
    line: finding.range.start.line + 1,
    evidence: finding.evidence.map((place) => ({
      message: place.message,
      file: vscode.workspace.asRelativePath(place.uri),
      line: place.range.start.line + 1,
    })),
  };
}

/** Shows a place beside the report if there is an editor, else in its stead. */
async function open(place: Place): Promise<void> {
  const beside = vscode.window.visibleTextEditors[0]?.viewColumn;
  await vscode.window.showTextDocument(place.uri, {
    selection: place.range,
    viewColumn: beside ?? vscode.ViewColumn.Active,
  });
}
