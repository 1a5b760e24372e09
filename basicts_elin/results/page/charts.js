"use strict";

// The charts. Each function draws one, of one sensor, into an element.

const NARROW = 760;
const GREY = "#6e7781";

function isNarrow() {
  return document.documentElement.clientWidth < NARROW;
}

function layoutOf(height, changes) {
  const axis = { gridcolor: "#eaeef2", zerolinecolor: "#d0d7de", linecolor: "#8c959f", automargin: true };
  const layout = {
    height, margin: { l: 48, r: 12, t: 10, b: 40 }, showlegend: false, hovermode: "x unified", dragmode: false,
    paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff",
    font: { family: "system-ui, -apple-system, Segoe UI, Roboto, Arial, sans-serif", size: 13, color: "#1b1f24" },
    hoverlabel: { bgcolor: "#ffffff", bordercolor: "#8c959f", font: { size: 13 } },
  };
  for (const [name, value] of Object.entries(changes)) {
    layout[name] = name.endsWith("axis") ? { ...axis, ...value } : value;
  }
  return layout;
}

function draw(element, traces, layout) {
  const buttons = ["select2d", "lasso2d", "autoScale2d"];
  const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: buttons, displayModeBar: false };
  Plotly.react(element, traces, layout, config);
}

function line(name, x, y, color, changes = {}) {
  return {
    type: "scatter", mode: "lines", name: plain(name), x, y, line: { color, width: 2, ...(changes.line || {}) },
    hovertemplate: "%{y:.4~r}", ...Object.fromEntries(Object.entries(changes).filter(([key]) => key !== "line")),
  };
}

function endLabels(traces, range, height) {
  // The name of each curve beside its last point, moved apart where they would cover one another.
  const gap = (17 / height) * (range[1] - range[0]);
  const ends = traces.filter((trace) => trace.label).map((trace) => {
    const last = trace.y.findLastIndex((value) => value !== null);
    return { text: plain(trace.label), color: trace.line.color, y: last < 0 ? null : trace.y[last] };
  }).filter((end) => end.y !== null).sort((one, other) => one.y - other.y);
  ends.forEach((end, place) => { if (place) end.y = Math.max(end.y, ends[place - 1].y + gap); });
  const above = ends.length ? Math.max(0, ends[ends.length - 1].y - (range[1] - gap / 2)) : 0;
  for (let place = ends.length - 1, limit = Infinity; place >= 0 && above > 0; place--) {
    ends[place].y = Math.min(ends[place].y, limit - gap, range[1] - gap / 2);
    limit = ends[place].y;
  }
  return ends.map((end) => ({
    text: end.text, x: 1, xref: "paper", xanchor: "left", xshift: 6, y: end.y, yanchor: "middle", showarrow: false,
    font: { color: end.color, size: 13 },
  }));
}

function rangeOf(series, fromZero) {
  // from zero also where that does not press the curves together
  const all = series.flat().filter((value) => value !== null);
  if (!all.length) return [0, 1];
  const [least, most] = minmax(all);
  const low = least >= 0 && (fromZero || least < 0.6 * most) ? 0 : least, room = 0.06 * (most - low || Math.abs(most) || 1);
  return [low === 0 ? 0 : low - room, most + room];
}

function minmax(all) {
  return [all.reduce((one, other) => Math.min(one, other)), all.reduce((one, other) => Math.max(one, other))];
}

function drawKey(element, traces) {
  const shown = traces.filter((trace) => trace.label);
  element.replaceChildren(...shown.map((trace) => {
    const item = document.createElement("span");
    item.textContent = trace.label;
    item.style.color = trace.keyColor || trace.line.color;
    item.className = trace.fill ? "band" : trace.line.dash ? "dashed" : "";
    // an inner band lies on the outer ones
    if (trace.fill) item.style.setProperty("--depth", trace.depth);
    return item;
  }));
}

function withNames(element, traces, layout, range, labelled) {
  // Names at the curves where there is room for them, else in a line above.
  const key = element.previousElementSibling;
  const longest = Math.max(...labelled.map((trace) => trace.label.length));
  const atCurves = !isNarrow() && element.clientWidth > 700;
  if (atCurves) {
    layout.margin.r = Math.min(220, 16 + 7.5 * longest);
    layout.annotations = endLabels(labelled, range, layout.height - layout.margin.t - layout.margin.b);
  }
  const rest = atCurves ? traces.filter((trace) => trace.fill) : traces;
  drawKey(key, rest);
  draw(element, traces, layout);
}

function drawForecast(element, page, numbers, sensor) {
  const pick = (name) => values(numbers[name](sensor));
  const steps = page.times.history.length || numbers.history(sensor).length;
  const past = page.dated ? page.times.history : Array.from({ length: steps }, (_, place) => place - steps + 1);
  const ahead = page.dated ? page.times.forecast : pick("forecast").map((_, place) => place + 1);
  const measured = [...pick("history"), ...(page.rows.truth ? pick("truth") : [])];
  const color = page.method.color, traces = [];
  page.levels.forEach((level, place) => {
    const [low, high] = [pick(`lower ${level}`), pick(`upper ${level}`)];
    const edge = { line: { width: 0 }, hoverinfo: "skip", hovertemplate: null };
    traces.push(line("", ahead, low, color, edge));
    traces.push(line(`${level} % band`, ahead, high, color, {
      ...edge, fill: "tonexty", fillcolor: seeThrough(color, place ? 0.22 : 0.15), label: `${level} % band`,
      keyColor: color, depth: 0.25 + 0.25 * place, hoverinfo: "text", hovertemplate: "%{customdata[0]:.4~r} to %{customdata[1]:.4~r}",
      customdata: low.map((value, at) => [value, high[at]]),
    }));
  });
  page.others.forEach((other, place) => traces.push(line(other.name, ahead, pick(`other ${place}`), other.color, {
    label: other.name, line: { width: 1.3, dash: "dash" },
  })));
  const name = `${page.method.name}, forecast`;
  traces.push(line(page.measured.name, [...past, ...ahead].slice(0, measured.length), measured, page.measured.color, {
    label: page.measured.name, line: { width: 1.5 },
  }));
  traces.push(line(name, ahead, pick("forecast"), color, {
    label: name, mode: ahead.length > 24 ? "lines" : "lines+markers", marker: { size: 5 },
  }));
  const range = rangeOf(traces.map((trace) => trace.y));
  const title = page.dated ? (page.timezone ? `time, ${page.timezone}` : "") : "steps from the last measured value";
  const layout = layoutOf(isNarrow() ? 300 : 380, {
    xaxis: { title: { text: plain(title), font: { size: 12 } } },
    yaxis: { range, title: { text: plain(page.unit || page.quantity), font: { size: 12 }, standoff: 8 } },
    shapes: [{
      type: "line", x0: ahead[0], x1: ahead[0], yref: "paper", y0: 0, y1: 1, layer: "below",
      line: { color: GREY, width: 1, dash: "dot" },
    }],
  });
  if (!isNarrow()) layout.dragmode = "zoom";
  const shown = 3 * ahead.length;
  layout.xaxis.range = page.whole || past.length <= shown ? null : [past[past.length - shown], ahead[ahead.length - 1]];
  if (!layout.xaxis.range) delete layout.xaxis.range;
  withNames(element, traces, layout, range, traces.filter((trace) => trace.label && !trace.fill));
}

function drawErrors(element, page, numbers, sensor, kind) {
  const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const own = values(numbers[kind](sensor)), all = page.errors[kind], color = page.method.color;
  const x = { hour: own.map((_, hour) => hour), weekday: weekdays }[kind]
    || own.map((_, step) => (step + 1) * (page.interval || 1));
  const traces = [line("all sensors", x, all, color, { label: "all sensors", line: { width: 1.5, dash: "dash" } })];
  if (kind === "horizon") {
    page.errors.others.forEach((other) => traces.push(line(`${other.name}, all`, x, other.horizon, other.color, {
      label: `${other.name}, all`, line: { width: 1.5, dash: "dash" },
    })));
  }
  traces.push(line("this sensor", x, own, color, { label: "this sensor", mode: "lines+markers", marker: { size: 5 } }));
  const range = rangeOf(traces.map((trace) => trace.y), true);
  const titles = { horizon: page.interval ? "minutes ahead" : "steps ahead", hour: "hour of the day", weekday: "" };
  const layout = layoutOf(230, {
    xaxis: { title: { text: titles[kind], font: { size: 12 } }, fixedrange: true },
    yaxis: { range, fixedrange: true, zeroline: false },
  });
  layout.xaxis.zeroline = false;
  if (kind === "hour") Object.assign(layout.xaxis, { tickvals: [0, 3, 6, 9, 12, 15, 18, 21], range: [-0.5, 23.5] });
  drawKey(element.previousElementSibling, [...traces].reverse());
  draw(element, traces, layout);
}

function drawMap(element, page, numbers, sensor, choose) {
  const places = page.sensors.map((_, place) => place)
    .filter((place) => page.map.latitude[place] !== null && page.map.longitude[place] !== null);
  const [latitude, longitude] = ["latitude", "longitude"].map((name) => places.map((place) => page.map[name][place]));
  const errors = page.errors ? places.map((place) => numbers.error(place)[0]) : null;
  const text = places.map((place, at) => plain(page.sensors[place]) + (errors ? `<br>MAE ${written(errors[at], page.digits)}` : ""));
  const chosen = places.indexOf(sensor);
  const dots = {
    type: "scatter", mode: "markers", x: longitude, y: latitude, text, customdata: places, hoverinfo: "text",
    marker: {
      size: places.length > 500 ? 7 : 10, opacity: 0.9, line: { color: "#ffffff", width: 0.7 },
      color: errors ? values(errors) : page.method.color, colorscale: "Viridis", reversescale: true, cauto: true,
      ...(errors ? { colorbar: { title: { text: "MAE", side: "top" }, thickness: 12, len: 0.9, outlinewidth: 0 } } : {}),
    },
  };
  const ring = {
    type: "scatter", mode: "markers", hoverinfo: "skip", x: [longitude[chosen]], y: [latitude[chosen]],
    marker: { size: 18, color: "rgba(0,0,0,0)", line: { color: "#d55e00", width: 3 } },
  };
  const middle = places.length ? (minmax(latitude)[0] + minmax(latitude)[1]) / 2 : 0;
  // a degree of longitude is shorter than one of latitude
  const ratio = 1 / Math.max(0.1, Math.cos((middle * Math.PI) / 180));
  draw(element, chosen < 0 ? [dots] : [dots, ring], layoutOf(isNarrow() ? 340 : 440, {
    hovermode: "closest", margin: { l: 62, r: 12, t: 10, b: 46 },
    xaxis: { title: { text: "longitude", font: { size: 12 } }, automargin: false, nticks: 6 },
    yaxis: { title: { text: "latitude", font: { size: 12 } }, automargin: false, scaleanchor: "x", scaleratio: ratio },
  }));
  element.removeAllListeners("plotly_click");
  element.on("plotly_click", (event) => {
    if (event.points[0].customdata !== undefined) choose(event.points[0].customdata);
  });
}
