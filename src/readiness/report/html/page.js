"use strict";

// Everything that is shown is set as text. Functions above the line take values and return values.

const FIRST = 100;
const MORE = 300;
const MOST_MARKS = 1000;

/** Numbers of the rows whose outcome and kind are wanted and whose texts hold every word, in their order. */
function matching(rows, checks, wanted, kind, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at];
    if (!wanted.has(row[3]) || (kind !== "" && row[0] !== Number(kind))) continue;
    if (words.length) {
      const all = `${row[1]}\n${checks[row[2]]}\n${row[5]}`.toLowerCase();
      if (!words.every((word) => all.includes(word))) continue;
    }
    found.push(at);
  }
  return found;
}

/** How many rows have each outcome. */
function tally(rows, outcomes) {
  const counts = outcomes.map(() => 0);
  for (const row of rows) counts[row[3]] += 1;
  return counts;
}

/** Start and end of every place where the text stands in another, whatever the case; no pattern is read into it. */
function places(inside, text) {
  if (!text) return [];
  const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|\/-]/g, "\\$&"), "gi");
  return Array.from(inside.matchAll(pattern), (one) => [one.index, one.index + one[0].length]);
}

/** What the reader hears after a filter changed. */
function counted(shown, matched, all, left, unlisted) {
  const parts = [`${shown} of ${matched} matching rows shown, ${all} in all.`];
  if (left) parts.push(`${left} more left out here: see report.json.`);
  if (unlisted) parts.push(`Tests without a row, which the record only counts: ${unlisted}.`);
  return parts.join(" ");
}

if (typeof module !== "undefined") module.exports = { matching, tally, places, counted };

// ---------------------------------------------------------------------------------------------------------------

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function data(name) {
  return JSON.parse(document.getElementById(name).textContent);
}

function say(text) {
  document.getElementById("said").textContent = text;
}

function sign([word, symbol, colour]) {
  const shown = element("span", undefined, `sign ${colour}`);
  const mark = element("span", symbol);
  mark.setAttribute("aria-hidden", "true");
  shown.append(mark, ` ${word}`);
  return shown;
}

function rowOf(row, table) {
  const [kind, name, check, outcome, took, why, story] = row;
  const line = element("tr");
  const first = element("th");
  first.scope = "row";
  const named = element(story < 0 ? "span" : "a", undefined);
  if (story >= 0) named.href = `#story-${story}`;
  named.append(element("code", name || (kind ? "the command" : "(no name)")));
  first.append(named);
  const ended = element("td");
  ended.append(sign(table.outcomes[outcome]));
  line.append(first, ended, element("td", why), element("td", kind ? table.checks[check] : ""), element("td", took));
  return line;
}

function outcomeBoxes(table, changed) {
  const counts = tally(table.rows, table.outcomes);
  const wanted = new Set();
  table.outcomes.forEach((outcome, number) => {
    if (!counts[number]) return;
    wanted.add(number);
    const label = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => {
      if (box.checked) wanted.add(number);
      else wanted.delete(number);
      changed();
    });
    label.append(box, " ", sign(outcome), ` (${counts[number]})`);
    document.getElementById("filter-outcomes").append(label);
  });
  return wanted;
}

function startTable() {
  const table = data("table-data");
  const body = document.querySelector("#rows tbody");
  const text = document.getElementById("filter-text");
  const kind = document.getElementById("filter-kind");
  const more = document.getElementById("more");
  let found = [];
  let shown = 0;

  function show(count) {
    const made = document.createDocumentFragment();
    for (const at of found.slice(shown, shown + count)) made.append(rowOf(table.rows[at], table));
    body.append(made);
    shown = Math.min(found.length, shown + count);
    more.hidden = shown === found.length;
    const said = counted(shown, found.length, table.rows.length, table.left, table.unlisted);
    document.getElementById("row-count").textContent = said;
  }

  function filter() {
    found = matching(table.rows, table.checks, wanted, kind.value, text.value);
    body.replaceChildren();
    shown = 0;
    show(FIRST);
  }

  let waiting = 0;
  const wanted = outcomeBoxes(table, filter);
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  kind.addEventListener("change", filter);
  more.addEventListener("click", () => {
    const next = shown;
    show(MORE);
    // Where the button goes away, what it brought takes the focus.
    if (more.hidden && body.rows[next]) {
      body.rows[next].tabIndex = -1;
      body.rows[next].focus();
    }
  });
  document.getElementById("filter").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("filter").hidden = false;
  document.getElementById("rows").hidden = false;
  filter();
}

function startLogs() {
  const logs = data("log-data");
  const form = document.getElementById("log-form");
  if (!form || !logs.length) return;
  const choice = document.getElementById("log-choice");
  const text = document.getElementById("log-text");
  const shown = document.getElementById("log");
  const count = document.getElementById("log-count");
  let marks = [];
  let current = -1;

  function draw() {
    const { text: whole, left } = logs[choice.selectedIndex];
    const found = places(whole, text.value);
    const pieces = [];
    let at = 0;
    marks = [];
    current = -1;
    for (const [start, end] of found.slice(0, MOST_MARKS)) {
      const mark = element("mark", whole.slice(start, end));
      pieces.push(whole.slice(at, start), mark);
      marks.push(mark);
      at = end;
    }
    shown.replaceChildren(...pieces, whole.slice(at));
    document.getElementById("log-left").textContent = left;
    const said = found.length > MOST_MARKS ? `, the first ${MOST_MARKS} marked` : "";
    count.textContent = text.value ? `${found.length} found${said}` : "";
  }

  function go(step) {
    if (!marks.length) return;
    if (current >= 0) marks[current].className = "";
    current = (current + step + marks.length) % marks.length;
    marks[current].className = "current";
    marks[current].scrollIntoView({ block: "center", inline: "nearest" });
    count.textContent = `${current + 1} of ${marks.length}`;
  }

  function open(number) {
    choice.selectedIndex = number;
    draw();
    shown.scrollTop = shown.scrollHeight;
  }

  logs.forEach((one) => choice.append(element("option", one.log)));
  choice.addEventListener("change", () => open(choice.selectedIndex));
  text.addEventListener("input", draw);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(1);
  });
  document.getElementById("log-before").addEventListener("click", () => go(current < 0 ? 0 : -1));
  for (const link of document.querySelectorAll("a[data-log]")) {
    link.addEventListener("click", () => {
      open(Number(link.dataset.log));
      choice.focus();
    });
  }
  form.hidden = false;
  open(0);
}

async function copy(block, button) {
  // The opening line end belongs to the markup.
  const text = block.textContent.replace(/^\n/, "");
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(block);
    say("Selected: the browser does not let a file copy.");
    button.textContent = "Selected";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}

function startCopying() {
  for (const block of document.querySelectorAll("pre[data-copy]")) {
    const button = element("button", "Copy", "copy");
    button.type = "button";
    button.setAttribute("aria-label", `Copy: ${block.getAttribute("aria-label")}`);
    button.addEventListener("click", () => copy(block, button));
    block.before(button);
  }
}

/** A link to a story opens it. */
function openTarget() {
  const target = /^#story-\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (!target) return;
  target.open = true;
  target.querySelector("summary").focus();
}

function start() {
  document.getElementById("no-script").hidden = true;
  startTable();
  startLogs();
  startCopying();
  addEventListener("hashchange", openTarget);
  openTarget();
  document.documentElement.dataset.started = "true";
}

if (typeof document !== "undefined") start();
