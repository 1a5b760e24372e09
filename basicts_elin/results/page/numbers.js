"use strict";

// The numbers of the page, and how they are written.

async function readNumbers(page) {
  // name -> sensor -> its numbers, Float32Array, or one number where the page has one for each sensor
  const bytes = Uint8Array.from(atob(page.numbers), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const all = new Float32Array(await new Response(stream).arrayBuffer());
  const found = {};
  let first = 0;
  for (const [name, rows] of Object.entries(page.rows)) {
    const start = first;
    found[name] = (sensor) => all.subarray(start + sensor * rows, start + (sensor + 1) * rows);
    first += rows * page.sensors.length;
  }
  return found;
}

function values(numbers) {
  // plotly leaves a gap where there is null
  return Array.from(numbers, (number) => (Number.isFinite(number) ? number : null));
}

function digitsOf(number) {
  // the decimals of a number with three significant digits
  return number > 0 ? Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(number)))) : 2;
}

function written(number, digits) {
  if (!Number.isFinite(number)) return "–";
  return number.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function plain(text) {
  // plotly reads some tags in texts, and %{...} in templates; names have neither
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/%\{/g, "%&#123;");
}

function seeThrough(color, opacity) {
  const parts = [1, 3, 5].map((place) => parseInt(color.slice(place, place + 2), 16));
  return `rgba(${parts.join(",")},${opacity})`;
}
