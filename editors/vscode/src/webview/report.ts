// The report's own script: draws the table, sorts and filters it, and remembers how.

import type { Row, ToEditor, ToReport } from "./messages";

interface Column {
  readonly title: string;
  readonly compare: (a: Row, b: Row) => number;
}

/** How the table is shown; kept by the editor while the report is hidden or the window is loaded again. */
interface View {
  column: number;
  isDescending: boolean;
  filter: string;
  hasInformation: boolean;
  open: string[];
}

declare function acquireVsCodeApi(): {
  postMessage(message: ToEditor): void;
  getState(): View | undefined;
  setState(view: View): void;
};

const SEVERITIES = ["error", "warning", "information", "hint"];

const byPlace = (a: Row, b: Row) => a.file.localeCompare(b.file) || a.line - b.line;

const COLUMNS: Column[] = [
  { title: "Severity", compare: (a, b) => a.severity - b.severity },
  { title: "Rule", compare: (a, b) => a.code.localeCompare(b.code) },
  { title: "What leaks", compare: (a, b) => a.message.localeCompare(b.message) },
  { title: "Where", compare: byPlace },
];

const editor = acquireVsCodeApi();
const view: View = editor.getState() ?? {
  column: 0,
  isDescending: false,
  filter: "",
  hasInformation: true,
  open: [],
};
let rows: readonly Row[] = [];

function element<K extends keyof HTMLElementTagNameMap>(
  kind: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(kind), properties);
  made.append(...children);
  return made;
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(`the page has no #${id}`);
  }
  return found;
}

/** A row is remembered by what it says, since its number changes with every edit. */
function key(row: Row): string {
  return `${row.file}:${row.code}:${row.message}`;
}

function isShown(row: Row): boolean {
  const text = `${row.code} ${row.name} ${row.message} ${row.file}`.toLowerCase();
  const words = view.filter.toLowerCase().split(/\s+/);
  return (view.hasInformation || row.severity < 2) && words.every((word) => text.includes(word));
}

function sorted(): Row[] {
  const compare = COLUMNS[view.column]?.compare ?? byPlace;
  const sign = view.isDescending ? -1 : 1;
  return rows.filter(isShown).sort((a, b) => sign * compare(a, b) || byPlace(a, b));
}

function changeView(change: Partial<View>): void {
  Object.assign(view, change);
  editor.setState(view);
  draw();
}

function link(text: string, row: Row, evidence?: number): HTMLElement {
  const number = rows.indexOf(row);
  const onclick = () => {
    editor.postMessage({ kind: "open", row: number, ...(evidence === undefined ? {} : { evidence }) });
  };
  return element("button", { className: "link", onclick }, text);
}

function heading(column: Column, index: number): HTMLElement {
  const isSorted = index === view.column;
  const onclick = () => {
    changeView({ column: index, isDescending: isSorted && !view.isDescending });
  };
  const made = element("th", { scope: "col" }, element("button", { onclick }, column.title));
  if (isSorted) {
    made.ariaSort = view.isDescending ? "descending" : "ascending";
  }
  return made;
}

function tableRow(row: Row): HTMLElement[] {
  const isOpen = view.open.includes(key(row));
  const severity = SEVERITIES[row.severity] ?? "";
  const onclick = () => {
    const others = view.open.filter((other) => other !== key(row));
    changeView({ open: isOpen ? others : [...others, key(row)] });
  };
  const toggle = element("button", { className: "toggle", onclick, title: "Why" }, isOpen ? "▾" : "▸");
  toggle.ariaExpanded = String(isOpen);
  const explain = () => {
    editor.postMessage({ kind: "explain", code: row.code });
  };
  const line = element(
    "tr",
    { className: isOpen ? "open" : "" },
    element("td", {}, element("span", { className: `severity ${severity}` }, severity)),
    element(
      "td",
      {},
      element("button", { className: "link", onclick: explain, title: "Explain this rule" }, row.code),
      element("div", { className: "name" }, row.name),
    ),
    element("td", {}, ...(row.evidence.length > 0 ? [toggle] : []), ...inlineCode(row.message)),
    element("td", {}, link(`${row.file}:${row.line}`, row)),
  );
  if (!isOpen) {
    return [line];
  }
  const items = row.evidence.map((place, index) =>
    element("li", {}, link(`${place.file}:${place.line}`, row, index), ` ${place.message}`),
  );
  return [line, element("tr", { className: "evidence" }, element("td", { colSpan: 4 }, element("ul", {}, ...items)))];
}

/** Text with `names` in backticks shown as code. */
function inlineCode(text: string): (Node | string)[] {
  return text.split("`").map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part));
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function draw(): void {
  const shown = sorted();
  byId("columns").replaceChildren(...COLUMNS.map(heading));
  byId("rows").replaceChildren(...shown.flatMap(tableRow));
  const leaks = rows.filter((row) => row.severity < 2);
  const files = new Set(leaks.map((row) => row.file)).size;
  const others = rows.length - leaks.length;
  byId("summary").textContent =
    `${count(leaks.length, "leak")} in ${count(files, "file")}` +
    (others === 0 ? "" : `, ${others} more for information`);
  const empty = byId("empty");
  empty.hidden = shown.length > 0;
  empty.textContent = rows.length === 0 ? "No leaks are found." : "Nothing fits the filter.";
}

window.addEventListener("message", (event: MessageEvent<ToReport>) => {
  rows = event.data.rows;
  draw();
});

const filter = byId("filter") as HTMLInputElement;
filter.value = view.filter;
filter.addEventListener("input", () => {
  changeView({ filter: filter.value });
});
const information = byId("information") as HTMLInputElement;
information.checked = view.hasInformation;
information.addEventListener("change", () => {
  changeView({ hasInformation: information.checked });
});
editor.postMessage({ kind: "ready" });
