// What the docs page does beyond being read: search, open what a link points at, copy curl lines,
// send requests and follow their redirects. It writes text only, never HTML.
"use strict";

const ROOT = new URL(document.body.dataset.root, location.href);
const HOPS = JSON.parse(document.body.dataset.hops);
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
// The app reports redirects in debug, and to a loopback host only.
const REPORTS = "debug" in document.body.dataset && LOOPBACK.test(location.hostname);
const MOST_HOPS = 20;
const MOST_TEXT = 200_000;

document.documentElement.classList.add("with_script");

const all = (selector, below = document) => [...below.querySelectorAll(selector)];

/** An element with attributes and content; strings become text. */
function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content);
  return element;
}

// --- links -----------------------------------------------------------------------------------

/** What a fragment points at: as it is written, or decoded. */
function pointedAt(fragment) {
  const raw = fragment.slice(1);
  try {
    return document.getElementById(raw) ?? document.getElementById(decodeURIComponent(raw));
  } catch {
    return null; // not percent-encoded text
  }
}

/** Unfold what the address points at. */
function reveal() {
  const target = pointedAt(location.hash);
  if (!target) return;
  for (let at = target.closest("details"); at; at = at.parentElement.closest("details")) {
    at.open = true;
  }
  target.scrollIntoView();
}

// --- search ----------------------------------------------------------------------------------

const field = document.getElementById("search_field");
const textOf = (element) => element.firstElementChild.textContent.toLowerCase();
const links = new Map(all("nav li[data-for]").map((item) => [item.dataset.for, item]));
const entries = all("details.operation").map((section) => ({
  section,
  text: `${textOf(section.parentElement)} ${textOf(section)}`,
  link: links.get(section.querySelector(".body").id),
}));

/** Show the operations that have all words of the search. */
function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const { section, text, link } of entries) {
    const fits = words.every((word) => text.includes(word));
    section.hidden = link.hidden = !fits;
    if (fits) found += 1;
  }
  for (const group of all(".group")) {
    group.hidden = all("details.operation, li[data-for]", group).every((each) => each.hidden);
  }
  const told = words.length ? `${found} of ${entries.length} operations` : "";
  document.getElementById("search_result").textContent = told;
}

/** `/` goes to the search unless something is being typed; Escape empties it. */
function onKey(event) {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  } else if (event.key === "Escape" && typing === field) {
    field.value = "";
    search();
  }
}

// --- requests --------------------------------------------------------------------------------

const encodePath = (text) => encodeURIComponent(text).replaceAll("%2F", "/");

/** What a control gives: nothing, its text, one text a line, or files. */
function valuesOf(control) {
  if (control.type === "file") return [...control.files];
  if (control.dataset.kind === "lines") return control.value.split("\n").filter(Boolean);
  return control.value ? [control.value] : [];
}

/** Pairs of a name and a value that a form gives for one place. */
function pairsFor(form, place) {
  return all(`[data-in="${place}"]`, form).flatMap((control) =>
    valuesOf(control).map((value) => [control.dataset.name, value]));
}

/** `Bearer` or `Basic` credentials, if they are given. */
function authorization(form) {
  const [[, token] = []] = pairsFor(form, "bearer");
  const [[, user = ""] = []] = pairsFor(form, "user");
  const [[, password = ""] = []] = pairsFor(form, "password");
  if (token) return [["authorization", `Bearer ${token}`]];
  if (!user && !password) return [];
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return [["authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`]];
}

/** The request that a form describes. */
function requestOf(form) {
  let path = form.dataset.path;
  for (const control of all('[data-in="path"]', form)) {
    path = path.replaceAll(`{${control.dataset.name}}`, () => encodePath(control.value));
  }
  const query = pairsFor(form, "query")
    .map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  const [[, body] = []] = pairsFor(form, "body");
  const type = body === undefined ? [] : [["content-type", form.dataset.mediaType]];
  return {
    method: form.dataset.method,
    // Put together, not resolved: "//host" would lead to another site.
    url: ROOT.origin + ROOT.pathname.replace(/\/$/, "") + path + (query && `?${query}`),
    headers: [...pairsFor(form, "header"), ...authorization(form), ...type],
    cookies: pairsFor(form, "cookie"),
    type: form.dataset.mediaType,
    fields: pairsFor(form, "form"),
    body,
  };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A field of a form for curl. */
function curlField(request, [name, value]) {
  if (value instanceof File) return `-F ${quoted(`${name}=@${value.name}`)}`;
  const option = request.type === "multipart/form-data" ? "--form-string" : "--data-urlencode";
  return `${option} ${quoted(`${name}=${value}`)}`;
}

/** The line that sends a request from a terminal; docs/curl.py writes the first one. */
function curlLine(request) {
  const { method, body, fields, cookies } = request;
  const implied = body !== undefined || fields.length ? "POST" : "GET";
  const flags = method === "HEAD" ? ["-I"] : method === implied ? ["-i"] : ["-i", "-X", method];
  const headers = request.headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  const jar = cookies.map((pair) => pair.join("=")).join("; ");
  const sent = body === undefined ? [] : [`--data-raw ${quoted(body)}`];
  return [
    ["curl", ...flags, quoted(request.url)].join(" "), ...headers,
    ...(jar ? [`-b ${quoted(jar)}`] : []), ...sent,
    ...fields.map((pair) => curlField(request, pair)),
  ].join(" \\\n  ");
}

function showCurl(form) {
  form.parentElement.querySelector(".curl code").textContent = curlLine(requestOf(form));
}

/** The same credentials everywhere: typed once, they stand in all forms. */
function shareCredentials(control) {
  for (const other of all(`[data-scheme="${CSS.escape(control.dataset.scheme)}"]`)) {
    if (other === control || other.dataset.in !== control.dataset.in) continue;
    other.value = control.value;
    showCurl(other.form);
  }
}

// --- sending and following -------------------------------------------------------------------

/** The body of a request as fetch takes it. */
function payload(request) {
  if (!request.fields.length) return request.body;
  const form = request.type === "multipart/form-data" ? new FormData() : new URLSearchParams();
  for (const [name, value] of request.fields) form.append(name, value);
  return form;
}

/** One round trip, without what it leads to if the app reports redirects. */
async function exchange(request, signal) {
  const headers = new Headers(request.headers);
  if (REPORTS) headers.set("redirflow-follow", "manual");
  const { method, url } = request;
  const response = await fetch(url, {
    method, headers, signal, body: payload(request), cache: "no-store",
  });
  if (!REPORTS || response.headers.get("redirflow-follow") !== "reported") {
    return { request, response, status: response.status, headers: [...response.headers] };
  }
  const report = await response.json();
  return { request, ...report, location: report.location };
}

/** The request that follows a redirect; what described a body that is gone goes with it. */
function following({ request, status, location: to }) {
  const url = new URL(to, request.url);
  url.hash = "";
  const method = HOPS[status][request.method] ?? request.method;
  const next = { ...request, method, url: url.href };
  if (method === request.method) return next;
  const headers = request.headers.filter(([name]) => !/^content-/i.test(name));
  return { ...next, headers, body: undefined, fields: [] };
}

/** Whether an address belongs to this app. */
const isOurs = (url) =>
  url.origin === ROOT.origin && (url.pathname + "/").startsWith(ROOT.pathname);

/** Send a request and follow, showing each hop; the words for what came out of it. */
async function follow(request, list, signal) {
  const statuses = [];
  for (let hops = 0; hops <= MOST_HOPS; hops += 1) {
    const started = performance.now();
    const hop = await exchange(request, signal);
    hop.time = Math.round(performance.now() - started);
    statuses.push(hop.status);
    await showHop(hop, list, signal);
    if (hop.location === undefined) return statuses.join(", then ");
    if (!isOurs(new URL(hop.location, request.url))) {
      return `${statuses.join(", then ")}. It leads out of this app, where this page does not go.`;
    }
    request = following(hop);
  }
  return `Stopped after ${MOST_HOPS} redirects.`;
}

// --- showing ---------------------------------------------------------------------------------

/** One request and its answer, as an item of the list. */
async function showHop(hop, list, signal) {
  const { request, response, status } = hop;
  const path = request.url.slice(ROOT.origin.length);
  const phrase = HOPS[status]?.phrase ?? response?.statusText ?? "";
  const item = make("li", { class: `s${String(status)[0]}` },
    make("p", { class: "hop" },
      make("span", { class: `status s${String(status)[0]}` }, String(status)), ` ${phrase} `,
      make("span", { class: `method ${request.method.toLowerCase()}` }, request.method), " ",
      make("code", {}, path), make("small", {}, ` ${hop.time} ms`)));
  list.append(item);
  if (hop.location !== undefined) {
    item.append(make("p", { class: "to" }, "Location: ", make("code", {}, hop.location)));
  }
  if (response?.redirected) {
    const to = response.url.replace(ROOT.origin, "");
    item.append(make("p", { class: "note" }, `redirect followed to ${to} (browser hides the hop)`));
  }
  item.append(headerList(hop.headers));
  if (response) await showBody(response, item, signal);
}

function headerList(headers) {
  const rows = headers.flatMap(([name, value]) =>
    [make("dt", {}, make("code", {}, name)), make("dd", {}, value)]);
  return make("details", {},
    make("summary", {}, `${headers.length} headers`), make("dl", { class: "headers" }, ...rows));
}

const isText = (type) => /^text\/|json|xml|javascript|x-www-form-urlencoded/.test(type);

/** The body as it comes; JSON is indented at the end, bytes that are no text are counted. */
async function showBody(response, item, signal) {
  const type = response.headers.get("content-type") ?? "";
  if (!response.body) return;
  if (type && !isText(type)) {
    const size = (await response.arrayBuffer()).byteLength;
    item.append(make("p", { class: "note" }, `${size} bytes of ${type}`));
    return;
  }
  const block = make("pre", { tabindex: "0", role: "group", "aria-label": "Body" });
  const text = await readText(response.body, (sofar) => {
    if (sofar && !block.parentElement) item.append(block);
    block.textContent = sofar;
  }, signal);
  if (/[/+]json\s*(;|$)/.test(type)) block.textContent = indented(text);
}

/** Read a stream as text, up to a limit. */
async function readText(stream, show, signal) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += value;
      if (text.length > MOST_TEXT) break;
      show(text);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return text; // stopped by hand: what has come is shown
  }
  await reader.cancel();
  show(`${text.slice(0, MOST_TEXT)}\n... the rest is left out`);
  return "";
}

function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const FAILED =
  "The network failed, or a redirect led to another site, where this page may not go; " +
  "a browser does not say which. The curl line shows it.";

/** What stops the request of a form. */
const running = new WeakMap();

/** Send what a form describes; while it runs, its button stops it. */
async function send(form) {
  const button = form.querySelector(".send");
  const answer = form.parentElement.querySelector(".answer");
  const status = make("p", { role: "status" }, "Sending ...");
  const list = make("ol", {});
  const stop = new AbortController();
  running.set(form, stop);
  answer.hidden = false;
  answer.replaceChildren(status, list);
  button.textContent = "Stop";
  try {
    const told = await follow(requestOf(form), list, stop.signal);
    status.textContent = stop.signal.aborted ? "Stopped." : told;
  } catch ({ message }) {
    status.textContent = stop.signal.aborted ? "Stopped." : `No answer: ${message}. ${FAILED}`;
  }
  button.textContent = "Send";
  running.delete(form);
}

/** Copy a curl line, or select it where copying is not allowed. */
async function copy(button) {
  const line = button.closest(".curl").querySelector("code");
  try {
    await navigator.clipboard.writeText(line.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  } catch {
    getSelection().selectAllChildren(line);
  }
}

// --- events ----------------------------------------------------------------------------------

addEventListener("hashchange", reveal);
document.addEventListener("keydown", onKey);
document.addEventListener("click", (event) => {
  const button = event.target.closest(".copy");
  if (button) copy(button);
});
document.addEventListener("input", ({ target }) => {
  if (target === field) search();
  else if (target.form) showCurl(target.form);
  if (target.dataset.scheme) shareCredentials(target);
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running.has(event.target)) running.get(event.target).abort();
  else send(event.target);
});

for (const form of all("form.try")) showCurl(form);
reveal();
