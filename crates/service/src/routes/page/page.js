"use strict";

const element = (id) => document.getElementById(id);
/** Keypoints that are drawn: those of the strongest response. */
const MOST_DRAWN = 2000;
/** The image that the page shows: an older one that is answered later does not replace it. */
let latest = 0;

async function show(file) {
  const request = ++latest;
  const say = (text, isError) => {
    if (request !== latest) return;
    element("status").textContent = text;
    element("status").className = isError ? "error" : "";
  };
  for (const id of ["canvas", "facts", "downloads"]) element(id).hidden = true;
  say("Computing …");
  const parameters = new URLSearchParams({ denoise: element("denoise").value });
  const form = new FormData();
  form.append("image", file);
  const key = element("key").value;
  const headers = key ? { "X-API-Key": key } : {};
  try {
    const answer = await fetch(`api/v1/features/detect?${parameters}`, { method: "POST", body: form, headers });
    const summary = await answer.json();
    if (!answer.ok) throw new Error(summary.message);
    const place = answer.headers.get("content-location");
    const full = await fetch(withFormat(place, "json"), { headers });
    const features = await full.json();
    if (!full.ok) throw new Error(features.message);
    if (request !== latest) return;
    say("");
    tell(summary, answer.headers);
    offer(place, headers);
    await draw(file, features.keypoints, request);
  } catch (error) {
    say(error.message, true);
  }
}

const withFormat = (place, format) => place + (place.includes("?") ? "&" : "?") + `format=${format}`;

function tell(summary, headers) {
  const facts = [
    ["Size", `${summary.width} × ${summary.height} px`],
    ["Keypoints", summary.keypoints],
    ["Time", `${summary.processing_time_ms} ms`],
    ["Cache", headers.get("cache-status")],
    ["Stages, ms", headers.get("server-timing").replaceAll(";dur=", " ")],
    ["SHA-256", summary.sha256],
  ];
  element("facts").tBodies[0].replaceChildren(...facts.map(([name, value]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.textContent = name;
    const cell = document.createElement("td");
    cell.textContent = value;
    row.append(head, cell);
    return row;
  }));
  element("facts").hidden = false;
}

function offer(place, headers) {
  const links = ["json", "npz", "colmap", "siftd"].map((format) => {
    const link = document.createElement("a");
    link.href = withFormat(place, format);
    link.textContent = format;
    if ("X-API-Key" in headers) link.addEventListener("click", (event) => save(event, headers, format));
    return link;
  });
  element("downloads").replaceChildren("Features as ", ...links.flatMap((link) => [link, " "]));
  element("downloads").hidden = false;
}

/** A link brings no key, so that the page fetches what it leads to. */
async function save(event, headers, format) {
  event.preventDefault();
  const answer = await fetch(event.currentTarget.href, { headers });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `features.${answer.ok ? format : "error.json"}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function draw(file, keypoints, request) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return; // A format that browsers do not show, such as PNM.
  }
  if (request !== latest) return;
  const canvas = element("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  context.strokeStyle = "#2ecc71";
  context.lineWidth = Math.max(1, bitmap.width / 800);
  const strongest = [...keypoints].sort((a, b) => b.response - a.response).slice(0, MOST_DRAWN);
  for (const { x, y, size, angle } of strongest) {
    const radians = (angle * Math.PI) / 180;
    context.beginPath();
    context.arc(x, y, size / 2, 0, 2 * Math.PI);
    context.moveTo(x, y);
    context.lineTo(x + (size / 2) * Math.cos(radians), y + (size / 2) * Math.sin(radians));
    context.stroke();
  }
  canvas.hidden = false;
}

const again = () => element("file").files[0] && show(element("file").files[0]);
for (const id of ["file", "denoise", "key"]) element(id).addEventListener("change", again);
element("form").addEventListener("submit", (event) => event.preventDefault());
for (const type of ["dragover", "dragleave", "drop"]) {
  element("drop").addEventListener(type, (event) => {
    event.preventDefault();
    element("drop").classList.toggle("over", type === "dragover");
    if (type === "drop" && event.dataTransfer.files[0]) {
      element("file").files = event.dataTransfer.files;
      show(event.dataTransfer.files[0]);
    }
  });
}
