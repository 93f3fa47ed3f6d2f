// What the report and the editor say to each other.

export interface Evidence {
  readonly message: string;
  readonly file: string;
  readonly line: number;
}

export interface Row extends Evidence {
  /** As in the editor's interface: 0 for an error, 3 for a hint. */
  readonly severity: number;
  readonly code: string;
  readonly name: string;
  readonly evidence: readonly Evidence[];
}

export interface ToReport {
  readonly rows: readonly Row[];
}

export type ToEditor =
  | { readonly kind: "ready" }
  | { readonly kind: "explain"; readonly code: string }
  /** Shows the place of a row, or of a part of its evidence. */
  | { readonly kind: "open"; readonly row: number; readonly evidence?: number };
