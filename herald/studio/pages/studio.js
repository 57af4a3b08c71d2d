// The studio: a form made from the schema, and the mail that its data makes.
"use strict";
const $ = (id) => document.getElementById(id);
let all = {}, data = {}, asked = 0, hints = 0;

async function call(path, body) {
  const answer = await fetch(path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error || answer.statusText);
  return told;
}
function make(tag, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
}
const chosen = () => ({ type: $("type").value, example: $("example").value, locale: $("locale").value, data });

function fill(select, names) {
  const before = select.value;
  select.replaceChildren(...names.map((name) => make("option", { textContent: name })));
  const usual = names.includes("typical") ? "typical" : names.includes("en") ? "en" : names[0];
  select.value = names.includes(before) ? before : usual;
}
function choose() {
  const one = all.notifications[$("type").value] || { examples: {}, locales: [], schema: {} };
  fill($("example"), Object.keys(one.examples));
  fill($("locale"), one.locales);
  read();
}
function read() {
  const one = all.notifications[$("type").value];
  data = structuredClone(one?.examples[$("example").value] ?? {});
  form();
  render();
}
function form() {
  const schema = all.notifications[$("type").value]?.schema;
  $("fields").replaceChildren(...(schema?.properties ? parts(schema, data) : []));
}
function parts(schema, value) {
  const required = schema.required || [];
  return Object.entries(schema.properties).map(([name, part]) => field(name, part, value, name, required.includes(name)));
}
// One value of `home`, which has it under `key`.
function field(label, schema, home, key, required) {
  if (!required && home[key] === undefined) return optional(label, schema, home, key);
  const drop = required ? [] : [remove(`Leave out ${label}`, () => delete home[key])];
  if (schema.type === "object") {
    home[key] ??= {};
    return make("fieldset", {}, make("legend", { textContent: label }), ...parts(schema, home[key]), ...drop);
  }
  if (schema.type === "array") return list(label, schema, home, key, drop);
  const input = control(schema, home[key]);
  input.addEventListener("input", () => { home[key] = valueOf(input, schema); render(); });
  const hint = make("span", { className: "hint", id: `hint-${++hints}`, textContent: schema.description || "" });
  input.setAttribute("aria-describedby", hint.id);
  return make("div", { className: "value" }, make("label", {}, label, input), hint, ...drop);
}
function optional(label, schema, home, key) {
  const button = make("button", { type: "button", textContent: `Add ${label}` });
  button.addEventListener("click", () => { home[key] = blank(schema); form(); render(); });
  return make("p", {}, button);
}
function remove(text, act) {
  const button = make("button", { type: "button", textContent: text });
  button.addEventListener("click", (event) => { event.preventDefault(); act(); form(); render(); });
  return button;
}
function list(label, schema, home, key, drop) {
  const items = (home[key] ??= []);
  const shown = items.map((_, at) => make("div", {}, field(`${label} ${at + 1}`, schema.items, items, at, true), remove(`Remove ${label} ${at + 1}`, () => items.splice(at, 1))));
  const more = items.length < schema.maxItems ? [remove(`Add to ${label}`, () => items.push(blank(schema.items)))] : [];
  return make("fieldset", {}, make("legend", { textContent: label }), ...shown, ...more, ...drop);
}
function control(schema, value) {
  if (schema.enum || schema.const !== undefined) {
    const select = make("select", {}, ...(schema.enum || [schema.const]).map((one) => make("option", { textContent: one })));
    select.value = value;
    return select;
  }
  if (schema.type === "boolean") return make("input", { type: "checkbox", checked: Boolean(value) });
  if (schema.type === "string" && schema.maxLength > 500) return make("textarea", { rows: 4, value: value ?? "" });
  const kind = { integer: "number", number: "number" }[schema.type] || { email: "email", uri: "url", date: "date" }[schema.format] || "text";
  const input = make("input", { type: kind, value: value ?? "" });
  if (kind === "number") input.step = schema.type === "integer" ? "1" : "any";
  return input;
}
function valueOf(input, schema) {
  if (schema.type === "boolean") return input.checked;
  if (schema.type === "integer" || schema.type === "number") {
    const named = (schema.enum || []).find((one) => String(one) === input.value);
    return named ?? (input.value === "" ? null : Number(input.value));
  }
  return input.value;
}
function blank(schema) {
  if (schema.type === "object") return Object.fromEntries((schema.required || []).map((name) => [name, blank(schema.properties[name])]));
  if (schema.type === "array") return Array.from({ length: schema.minItems || 0 }, () => blank(schema.items));
  if (schema.enum) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  return { boolean: false, integer: schema.minimum ?? 0, number: schema.minimum ?? 0 }[schema.type] ?? "";
}

async function render() {
  const mine = ++asked;
  if (!all.notifications[$("type").value]) return;
  try {
    const mail = await call("/render", chosen());
    if (mine !== asked) return;
    for (const frame of document.querySelectorAll("iframe")) {
      const address = `/mail/${mail.id}`;
      if (frame.getAttribute("src") !== address) frame.src = address;
    }
    $("text").textContent = mail.text;
    $("headers").replaceChildren(...Object.entries(mail.headers).map(([name, text]) => make("tr", {}, make("th", { scope: "row", textContent: name }), make("td", { textContent: text }))));
    const share = Math.round((100 * mail.sizes.html) / all.largest);
    $("size").textContent = `HTML ${(mail.sizes.html / 1000).toFixed(1)} KB, ${share} % of what is not clipped; text ${(mail.sizes.text / 1000).toFixed(1)} KB`;
    $("size").className = share > 80 ? "bad" : "";
    say("error", "");
  } catch (error) {
    if (mine === asked) say("error", error.message);
  }
}
function say(id, text) {
  $(id).textContent = text;
  if (id === "error") $(id).hidden = !text;
}
async function load() {
  const kept = JSON.stringify(data), saved = JSON.stringify(all.notifications?.[$("type").value]?.examples[$("example").value]);
  all = await call("/notifications");
  fill($("type"), Object.keys(all.notifications));
  $("lint").hidden = !all.faults.length;
  $("lint").querySelector("ul").replaceChildren(...all.faults.map((fault) => make("li", { textContent: fault })));
  $("ways").replaceChildren(...all.ways.map((way) => make("button", { type: "button", textContent: way === "laptop" ? "Into the laptop’s inbox" : "Through the deployment …", onclick: () => send(way) })));
  document.body.dataset.version = all.version;
  if (saved && kept !== saved) { render(); return; } // what was typed stays
  choose();
}
async function send(way) {
  if (!$("to").reportValidity()) return;
  try {
    const mail = { ...structuredClone(chosen()), to: $("to").value, way };
    let told = await call("/send", mail);
    if (told.question) {
      if (!confirm(told.question)) return;
      told = await call("/send", { ...mail, confirmed: true });
    }
    say("said", told.said);
  } catch (error) { say("said", error.message); }
}
$("type").addEventListener("change", choose);
$("example").addEventListener("change", read);
$("locale").addEventListener("change", render);
$("form").addEventListener("submit", (event) => event.preventDefault());
$("save").addEventListener("click", async () => {
  try { say("said", (await call("/save", chosen())).said); } catch (error) { say("said", error.message); }
});
new EventSource("/changes").addEventListener("message", load);
