"use strict";

// The page: what is chosen, and what follows from it.

const MOST_MATCHES = 50;
const MOST_WORST = 20;
const at = (id) => document.getElementById(id);

async function start() {
  const page = JSON.parse(at("content").textContent);
  const numbers = await readNumbers(page);
  document.documentElement.style.setProperty("--method", page.method.color);
  page.digits = page.errors ? digitsOf(page.errors.overall) : 2;
  let sensor = page.first;

  function show() {
    const name = page.sensors[sensor];
    at("name").textContent = /^\s*sensor/i.test(name) ? name : `Sensor ${name}`;
    at("rank").textContent = rankText(page, numbers, sensor);
    drawForecast(at("forecast"), page, numbers, sensor);
    if (page.errors) ["horizon", "hour", "weekday"].forEach((kind) => drawErrors(at(kind), page, numbers, sensor, kind));
    if (page.map) drawMap(at("map"), page, numbers, sensor, choose);
    document.querySelectorAll("#worst tr[data-sensor]").forEach((row) => {
      row.classList.toggle("chosen", Number(row.dataset.sensor) === sensor);
    });
    document.body.dataset.sensor = name;
  }

  function choose(place) {
    sensor = (place + page.sensors.length) % page.sensors.length;
    at("sensor").value = page.sensors[sensor];
    history.replaceState(null, "", `#${encodeURIComponent(page.sensors[sensor])}`);
    show();
  }

  if (page.errors) fillWorst(page, numbers, choose);
  makePicker(page, numbers, choose);
  at("previous").addEventListener("click", () => choose(sensor - 1));
  at("next").addEventListener("click", () => choose(sensor + 1));
  at("whole").addEventListener("click", () => {
    page.whole = !page.whole;
    at("whole").textContent = page.whole ? "Only the time before the forecast" : "All measured values";
    show();
  });
  at("whole").hidden = page.rows.history <= 3 * page.rows.forecast;
  const asked = page.sensors.indexOf(hashText());
  if (asked >= 0) sensor = asked;
  at("sensor").value = page.sensors[sensor];
  let width = document.documentElement.clientWidth;
  window.addEventListener("resize", () => {
    // the width alone: a phone's address bar comes and goes
    if (width !== document.documentElement.clientWidth) show();
    width = document.documentElement.clientWidth;
  });
  show();
  document.body.dataset.ready = "yes";
}

function hashText() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function rankText(page, numbers, sensor) {
  if (!page.errors) return "";
  const error = numbers.error(sensor)[0];
  if (!Number.isFinite(error)) return "nothing was measured here";
  // those that were never measured come last
  const measured = page.errors.worst.filter((place) => Number.isFinite(numbers.error(place)[0]));
  const rank = measured.length - measured.indexOf(sensor);
  const [own, all] = [error, page.errors.overall].map((value) => written(value, page.digits));
  return `MAE ${own} (all sensors ${all}), rank ${rank} of ${measured.length} (1 is best)`;
}

function fillWorst(page, numbers, choose) {
  const places = page.errors.worst.filter((place) => Number.isFinite(numbers.error(place)[0])).slice(0, MOST_WORST);
  const most = places.length ? numbers.error(places[0])[0] : 1;
  at("worst").replaceChildren(...places.map((place, rank) => {
    const error = numbers.error(place)[0], row = document.createElement("tr");
    const button = document.createElement("button"), share = document.createElement("div");
    button.type = "button";
    button.textContent = page.sensors[place];
    share.style.width = `${Math.round((100 * error) / (most || 1))}%`;
    [`${rank + 1}`, button, written(error, page.digits), share].forEach((content, column) => {
      const cell = document.createElement("td");
      cell.append(content);
      cell.className = ["number", "", "number", "share"][column];
      row.append(cell);
    });
    row.dataset.sensor = place;
    button.addEventListener("click", () => {
      choose(place);
      at("name").scrollIntoView({ behavior: "smooth", block: "center" });
    });
    return row;
  }));
}

function makePicker(page, numbers, choose) {
  // A text field with a list of the sensors that match what was typed.
  const input = at("sensor"), list = at("matches"), lower = page.sensors.map((name) => name.toLowerCase());
  let before = "", active = -1;

  function matches(text) {
    const places = page.sensors.map((_, place) => place).filter((place) => lower[place].includes(text));
    // names that begin with the text come first
    return places.sort((one, other) => lower[other].startsWith(text) - lower[one].startsWith(text) || one - other);
  }

  function open(text) {
    const found = matches(text.trim().toLowerCase());
    list.replaceChildren(...found.slice(0, MOST_MATCHES).map((place) => option(place)));
    if (found.length > MOST_MATCHES || !found.length) {
      const more = document.createElement("li");
      more.textContent = found.length ? `${found.length - MOST_MATCHES} more: type a part of the name` : "no such sensor";
      more.setAttribute("aria-disabled", "true");
      list.append(more);
    }
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    activate(found.length && text ? 0 : -1);
  }

  function option(place) {
    const item = document.createElement("li"), name = document.createElement("span"), error = document.createElement("span");
    name.textContent = page.sensors[place];
    error.textContent = page.errors ? `MAE ${written(numbers.error(place)[0], page.digits)}` : "";
    item.append(name, error);
    item.id = `option-${place}`;
    item.setAttribute("role", "option");
    item.dataset.place = place;
    // before the field loses the focus
    item.addEventListener("pointerdown", (event) => event.preventDefault());
    item.addEventListener("click", () => close(place));
    return item;
  }

  function activate(number) {
    const options = [...list.querySelectorAll("[role=option]")];
    active = options.length ? Math.max(-1, Math.min(number, options.length - 1)) : -1;
    options.forEach((item, place) => item.setAttribute("aria-selected", String(place === active)));
    input.setAttribute("aria-activedescendant", active < 0 ? "" : options[active].id);
    if (active >= 0) options[active].scrollIntoView({ block: "nearest" });
    return options[active];
  }

  function close(place) {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    if (place === undefined) input.value = before;
    else {
      choose(place);
      before = input.value;
      input.blur();
    }
  }

  input.addEventListener("focus", () => {
    before = input.value;
    input.select();
    open("");
  });
  input.addEventListener("input", () => open(input.value));
  input.addEventListener("blur", () => { if (!list.hidden) close(); });
  input.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) activate(active + move);
    else if (event.key === "Enter") {
      const item = activate(active);
      if (item) close(Number(item.dataset.place));
    } else if (event.key === "Escape") {
      close();
      input.blur();
    } else return;
    event.preventDefault();
  });
}

start().catch((error) => {
  at("problem").hidden = false;
  at("problem").textContent = `This page needs a browser of 2023 or later (${error}).`;
  console.error(error);
});
