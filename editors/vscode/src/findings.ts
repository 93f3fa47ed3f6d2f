// What is found, in all files, as the editor shows it.

import * as vscode from "vscode";

export interface Place {
  readonly uri: vscode.Uri;
  readonly range: vscode.Range;
  readonly message: string;
}

export interface Finding extends Place {
  readonly code: string;
  readonly name: string;
  readonly severity: vscode.DiagnosticSeverity;
  readonly evidence: readonly Place[];
}

/** Diagnostics come in bursts; what is told of them waits this long, in milliseconds. */
const PAUSE = 100;

export class Findings implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** Something is found, or not any more. */
  readonly onDidChange = this.changed.event;
  private readonly listener: vscode.Disposable;
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    this.listener = vscode.languages.onDidChangeDiagnostics(() => {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.changed.fire();
      }, PAUSE);
    });
  }

  /** All findings, worst first, then by place. */
  all(): Finding[] {
    const found = vscode.languages
      .getDiagnostics()
      .flatMap(([uri, diagnostics]) => diagnostics.filter(isOurs).map((diagnostic) => finding(uri, diagnostic)));
    return found.sort(
      (a, b) =>
        a.severity - b.severity ||
        a.uri.path.localeCompare(b.uri.path) ||
        a.range.start.compareTo(b.range.start),
    );
  }

  /** Those of a document that touch a range. */
  at(uri: vscode.Uri, range: vscode.Range): Finding[] {
    const diagnostics = vscode.languages.getDiagnostics(uri).filter(isOurs);
    const lines = new vscode.Range(range.start.line, 0, range.end.line, Number.MAX_SAFE_INTEGER);
    return diagnostics.filter((it) => it.range.intersection(lines)).map((it) => finding(uri, it));
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listener.dispose();
    this.changed.dispose();
  }
}

function isOurs(diagnostic: vscode.Diagnostic): boolean {
  return diagnostic.source === "leakwright";
}

function finding(uri: vscode.Uri, diagnostic: vscode.Diagnostic): Finding {
  const code = typeof diagnostic.code === "object" ? diagnostic.code.value : diagnostic.code;
  // The message ends in the rule's name: "… only ever grows (unbounded-collection)".
  const [, message, name] = /^(.*) \(([\w-]+)\)$/s.exec(diagnostic.message) ?? [];
  return {
    uri,
    range: diagnostic.range,
    code: String(code ?? ""),
    name: name ?? "",
    message: message ?? diagnostic.message,
    severity: diagnostic.severity,
    evidence: (diagnostic.relatedInformation ?? []).map(({ location: { uri, range }, message }) => ({
      uri,
      range,
      message,
    })),
  };
}
