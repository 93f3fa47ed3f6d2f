// A look at what fixes would change: all files as differences, in one editor.

import * as vscode from "vscode";

import type { Fixed } from "./fixes";

const SCHEME = "leakwright-fixed";
const TITLE = "Safe fixes";

/** The texts as the fixes would leave them, while they are shown. */
export class Preview implements vscode.TextDocumentContentProvider {
  private constructor(private readonly texts: ReadonlyMap<string, string>) {}

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** Shows the files as they are and as they would be, and asks whether that is wanted. */
  static async isAccepted(files: readonly Fixed[]): Promise<boolean> {
    const address = (uri: vscode.Uri) => uri.with({ scheme: SCHEME });
    const texts = new Map(files.map((file) => [address(file.document.uri).toString(), after(file)]));
    const registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, new Preview(texts));
    try {
      const pairs = files.map(({ document: { uri } }) => [uri, uri, address(uri)]);
      await vscode.commands.executeCommand("vscode.changes", TITLE, pairs);
      const number = files.reduce((sum, { edits }) => sum + edits.length, 0);
      const question = `Leakwright: make these ${number} changes in ${files.length} ${files.length === 1 ? "file" : "files"}?`;
      return (await vscode.window.showInformationMessage(question, "Apply", "Discard")) === "Apply";
    } finally {
      await close();
      registration.dispose();
    }
  }
}

async function close(): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  await vscode.window.tabGroups.close(tabs.filter((tab) => tab.label.startsWith(TITLE)));
}

/** The text that edits make of a document. */
function after({ document, edits }: Fixed): string {
  const text = document.getText();
  const places = edits
    .map((edit) => ({
      start: document.offsetAt(edit.range.start),
      end: document.offsetAt(edit.range.end),
      text: edit.newText,
    }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let out = "";
  let at = 0;
  for (const place of places) {
    out += text.slice(at, place.start) + place.text;
    at = place.end;
  }
  return out + text.slice(at);
}
