"use strict";
// Filters, sorts and moves through the findings. The page is whole without it.
(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const isDark = () => {
    const chosen = root.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const label = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; label(); });
  label();

  const findings = [...document.querySelectorAll(".finding")];
  const opened = (finding) => finding.querySelector("details");
  let wereOpen = [];
  addEventListener("beforeprint", () => {
    wereOpen = findings.map((finding) => opened(finding).open);
    findings.forEach((finding) => { opened(finding).open = true; });
  });
  addEventListener("afterprint", () => findings.forEach((finding, at) => { opened(finding).open = wereOpen[at]; }));

  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const program = button.parentElement.querySelector("pre");
      try {
        await navigator.clipboard.writeText(program.textContent);
        button.textContent = "Copied";
      } catch {
        // A page that is opened from a file may not be allowed to: the text is selected instead.
        getSelection().selectAllChildren(program);
        button.textContent = "Selected";
      }
    });
  }

  const controls = document.getElementById("controls");
  if (!controls) return;
  controls.hidden = false;
  document.querySelectorAll(".scripted").forEach((element) => { element.hidden = false; });
  const list = document.getElementById("list");
  const search = document.getElementById("search");
  const sort = document.getElementById("sort");
  const filters = [...controls.querySelectorAll("[data-filter]")];
  const text = new Map(findings.map((finding) => [finding, finding.textContent.toLowerCase()]));
  const order = {
    risk: ["HIGH", "MEDIUM", "LOW"],
    severity: ["error", "warning", "information", "hint"],
    confidence: ["high", "medium", "low"],
  };
  const rank = (finding, key) => {
    const value = finding.dataset[key];
    return order[key] ? order[key].indexOf(value) : value;
  };
  const compare = (a, b) => {
    const [x, y] = sort.value === "path" ? [0, 0] : [rank(a, sort.value), rank(b, sort.value)];
    return x < y ? -1 : x > y ? 1 : a.dataset.number - b.dataset.number;
  };
  const shown = () => [...list.children].filter((finding) => !finding.hidden);

  const update = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const finding of findings) {
      const fits = filters.every((filter) => !filter.value || finding.dataset[filter.dataset.filter] === filter.value);
      finding.hidden = !fits || !words.every((word) => text.get(finding).includes(word));
    }
    [...findings].sort(compare).forEach((finding) => list.append(finding));
    const count = shown().length;
    document.getElementById("none").hidden = count > 0;
    document.getElementById("count").textContent = `${count} of ${findings.length} findings shown`;
  };
  controls.addEventListener("input", update);
  controls.addEventListener("submit", (event) => event.preventDefault());
  const clear = () => [search, ...filters].forEach((control) => { control.value = ""; });
  controls.addEventListener("reset", (event) => {
    event.preventDefault();
    clear();
    update();
  });
  for (const bar of document.querySelectorAll(".bar")) {
    bar.addEventListener("click", (event) => {
      event.preventDefault();
      clear();
      document.getElementById(bar.dataset.control).value = bar.dataset.value;
      update();
      document.getElementById("findings").focus();
    });
  }
  const openAll = (open) => shown().forEach((finding) => { opened(finding).open = open; });
  document.getElementById("expand").addEventListener("click", () => openAll(true));
  document.getElementById("collapse").addEventListener("click", () => openAll(false));

  const move = (by) => {
    const all = shown();
    const at = all.findIndex((finding) => finding.contains(document.activeElement));
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    all[next]?.querySelector("summary").focus();
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && document.activeElement === search) search.blur();
    if (/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "j") move(1);
    if (event.key === "k") move(-1);
  });

  // A link to a finding, or to a place of its chain, opens it.
  const follow = () => {
    const target = /^#finding-\d+(-place-\d+)?$/.test(location.hash) && document.querySelector(location.hash);
    if (target) {
      opened(target.closest(".finding")).open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", follow);
  update();
  follow();
})();
