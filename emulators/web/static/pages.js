// What the pages do by themselves: keep the state fresh, say when the BMC is gone, show screens, type. Without it
// everything works as well, by plain forms.
"use strict";
const LOOK_MS = 1000, SCREEN_MS = 400;
const csrf = document.body.dataset.csrf;
const gone = document.getElementById("gone");
let lost = false, leaving = false;
document.querySelector(".who").addEventListener("submit", () => { leaving = true; });

async function ask(path) {
  let response;
  try {
    response = await fetch(path, { headers: { accept: "application/json" }, cache: "no-store" });
  } catch {
    lost = true;
    gone.hidden = false;
    return null;
  }
  if (leaving) return null;
  if (response.status === 401 || lost) {
    location.assign(response.status === 401 ? "/login" : location.href);
    return null;
  }
  return response.ok ? response.json() : null;
}

function every(milliseconds, look) {
  const again = async () => {
    if (!document.hidden && !leaving) await look();
    setTimeout(again, milliseconds);
  };
  again();
}

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

const update = document.querySelector("[data-update]");
function follow(state) {
  if (!update) return;
  const bmc = update.dataset.update === "bmc";
  const stage = bmc ? (state.bmc_writing ? "bmc" : "over") : state.bios_update && state.bios_update.stage;
  if (!bmc && stage !== update.dataset.update) return location.assign("/bios");
  const bar = update.querySelector("progress");
  const percent = bmc ? state.bmc_percent : state.bios_update && state.bios_update.percent;
  if (bar && percent !== null && percent !== undefined) {
    bar.value = percent;
    put(update.querySelector("[data-percent]"), `${percent} %`);
  }
}

every(LOOK_MS, async () => {
  const state = await ask("/live.json");
  if (!state) return;
  for (const place of document.querySelectorAll("[data-value]")) put(place, String(state[place.dataset.value]));
  for (const lamp of document.querySelectorAll("[data-lamp]")) lamp.dataset.lamp = state.powered ? "on" : "off";
  follow(state);
});

function show(pre, text) {
  const atEnd = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
  put(pre, text);
  if (atEnd) pre.scrollTop = pre.scrollHeight;
}

const screen = document.getElementById("screen");
if (screen) {
  every(SCREEN_MS, async () => {
    const now = await ask("/screen.json");
    if (now) show(screen, now.text);
  });
}

const serial = document.getElementById("serial");
if (serial) {
  const stream = new EventSource("/serial/stream");
  stream.onmessage = (event) => show(serial, JSON.parse(event.data));
  stream.addEventListener("over", () => { stream.close(); location.assign("/serial"); });
  serial.scrollTop = serial.scrollHeight;
}

const KEYS = {
  Enter: "\r", Backspace: "\x7f", Escape: "\x1b", Delete: "\x1b[3~", ArrowUp: "\x1b[A", ArrowDown: "\x1b[B",
  ArrowRight: "\x1b[C", ArrowLeft: "\x1b[D", F1: "\x1bOP", F2: "\x1bOQ", F11: "\x1b[23~", F12: "\x1b[24~",
};
let sending = Promise.resolve();

function send(path, fields) {
  const body = new URLSearchParams(fields);
  const options = { method: "POST", body, headers: { accept: "application/json", "x-csrf-token": csrf } };
  sending = sending.then(() => fetch(path, options)).catch(() => {});
}

for (const pre of document.querySelectorAll("[data-typing]")) {
  pre.addEventListener("keydown", (event) => {
    if (event.key === "Tab" || event.altKey || event.metaKey) return;
    let text = KEYS[event.key] || (event.key.length === 1 ? event.key : "");
    if (event.ctrlKey) text = /^[a-z]$/.test(event.key) ? String.fromCharCode(event.key.charCodeAt(0) - 96) : "";
    if (!text) return;
    event.preventDefault();
    send(pre.dataset.typing, { text });
  });
  for (const form of document.querySelectorAll(".keys")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(pre.dataset.typing, { key: event.submitter.value });
    });
  }
}

for (const form of document.querySelectorAll("form[data-largest]")) {
  form.addEventListener("submit", (event) => {
    const file = form.querySelector("input[type=file]").files[0];
    if (file && file.size > Number(form.dataset.largest)) {
      event.preventDefault();
      form.querySelector("input[type=file]").setCustomValidity("The file is larger than the page takes.");
      form.reportValidity();
    }
  });
}
