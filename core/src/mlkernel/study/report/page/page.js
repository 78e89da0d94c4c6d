"use strict";
// Pictures are drawn when they come into view: a page of thousands of trials opens at once.
const data = JSON.parse(document.getElementById("data").textContent);
const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
const axis = { gridcolor: "#e4e7eb", zerolinecolor: "#cbd2d9", linecolor: "#9aa5b1", automargin: true };
const common = {
  font: { family: "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif", size: 12, color: "#1f2933" },
  margin: { t: 30, r: 20, b: 50, l: 60 },
  hovermode: "closest",
  legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, xanchor: "left" },
  paper_bgcolor: "#fff",
  plot_bgcolor: "#fff",
};

async function loadLibrary() {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("This browser is too old for the pictures: it cannot decompress.");
  }
  const packed = Uint8Array.from(atob(document.getElementById("library").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
}

function layoutOf(variant) {
  const layout = { ...common, ...variant.layout, margin: { ...common.margin, ...variant.layout.margin } };
  for (const key of new Set(["xaxis", "yaxis", ...Object.keys(layout)])) {
    if (/^[xy]axis\d*$/.test(key)) layout[key] = { ...axis, ...layout[key] };
  }
  return layout;
}

async function draw(section, picture, place) {
  const variant = picture.variants[place];
  const plot = section.querySelector(".plot");
  // A fresh canvas for each variant: what was zoomed or selected in one means nothing in another.
  Plotly.purge(plot);
  await Plotly.newPlot(plot, structuredClone(variant.traces), layoutOf(variant), config);
  plot.on("plotly_click", (event) => {
    const custom = event.points[0] && event.points[0].customdata;
    showTrial(Array.isArray(custom) ? custom[custom.length === 2 && picture.key === "heat-maps" ? 1 : 0] : custom);
  });
  plot.dataset.drawn = place;
}

function line(list, name, value) {
  const term = document.createElement("dt");
  const told = document.createElement("dd");
  term.textContent = name;
  told.textContent = value;
  list.append(term, told);
}

function showTrial(number) {
  const row = data.trials.rows[number];
  if (!row) return;
  const [state, reason, values, parameters, runs] = row;
  const box = document.getElementById("trial");
  const heading = document.createElement("h3");
  heading.textContent = `Trial ${number}`;
  const close = document.createElement("button");
  close.textContent = "×";
  close.setAttribute("aria-label", "close");
  close.onclick = () => { box.hidden = true; };
  const list = document.createElement("dl");
  line(list, "state", reason ? `${state}: ${reason}` : state);
  values.forEach((value, place) => line(list, data.trials.metrics[place], value));
  parameters.forEach((value, place) => { if (value !== null) line(list, data.trials.parameters[place], value); });
  for (const [seed, fold, runState, results] of runs) {
    const which = fold === null ? `seed ${seed}` : `seed ${seed}, fold ${fold}`;
    line(list, which, results.length ? results.join(", ") : runState);
  }
  box.replaceChildren(close, heading, list);
  box.hidden = false;
}

async function start() {
  try {
    await loadLibrary();
  } catch (error) {
    for (const plot of document.querySelectorAll(".plot")) { plot.textContent = error.message; plot.style.height = "auto"; }
    return;
  }
  const pictures = new Map(data.pictures.map((picture) => [picture.key, picture]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target, pictures.get(entry.target.id), 0);
    }
  }, { rootMargin: "400px" });
  for (const section of document.querySelectorAll("section[id]")) {
    const picture = pictures.get(section.id);
    if (!picture.variants.length) continue;
    const select = section.querySelector("select");
    if (select) select.onchange = () => draw(section, picture, Number(select.value));
    seen.observe(section);
  }
}

start();
