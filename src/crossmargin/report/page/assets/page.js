// Draws the pictures from the inert data of the page. Every text was made in the page's maker and is only placed here.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const drawn = [];
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const narrow = (element) => element.clientWidth < 480;

  // A tooltip gets an element whose text is set as text: names out of a book stay text.
  const tip = (lines) => {
    const box = document.createElement("div");
    for (const line of lines) {
      const row = document.createElement("div");
      row.textContent = line;
      box.append(row);
    }
    return box;
  };

  const base = () => ({
    animation: !still,
    animationDuration: 300,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: color("ink") },
    tooltip: {
      confine: true,
      backgroundColor: color("card"),
      borderColor: color("line"),
      textStyle: { color: color("ink"), fontSize: 13 },
    },
  });
  const axis = (more) => ({
    axisLine: { lineStyle: { color: color("line") } },
    axisTick: { show: false },
    axisLabel: { color: color("soft"), fontSize: 12 },
    splitLine: { lineStyle: { color: color("line") } },
    ...more,
  });
  const short = (value) => {
    const size = Math.abs(value);
    for (const [step, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
      if (size >= step) return `${+(value / step).toPrecision(3)}${letter}`;
    }
    return `${+value.toPrecision(3)}`;
  };
  const price = (value) => value.toLocaleString("en", { maximumSignificantDigits: 6 });

  const bars = (names, element) => ({
    ...axis({ type: "category", inverse: true, data: names, splitLine: { show: false } }),
    axisLabel: {
      color: color("ink"),
      fontSize: 12.5,
      width: narrow(element) ? 104 : 170,
      overflow: "truncate",
      interval: 0,
    },
  });
  const values = () => axis({ type: "value", axisLabel: { color: color("soft"), formatter: short, hideOverlap: true } });
  const grid = (element, right = 64) => ({ left: narrow(element) ? 112 : 180, right, top: 10, bottom: 28 });

  const waterfall = (one, element) => {
    const names = [...one.steps.map((step) => step.name), "total"];
    const total = one.steps.reduce((sum, step) => sum + step.amount, 0);
    let level = 0;
    const under = [], rise = [], fall = [];
    for (const step of one.steps) {
      const next = level + step.amount;
      under.push(Math.min(level, next));
      rise.push(step.amount > 0 ? step.amount : 0);
      fall.push(step.amount < 0 ? -step.amount : 0);
      level = next;
    }
    const label = (index) => (index < one.steps.length ? one.steps[index].amount_text : short(total));
    const series = (name, points, fill, pattern) => ({
      name, type: "bar", stack: "all", data: points, barMaxWidth: 22,
      itemStyle: { color: fill, borderRadius: 3, ...(pattern ? { decal: { symbol: "rect", color: "rgba(255,255,255,.35)", dashArrayX: [2, 4], dashArrayY: [4, 2], rotation: 0.8 } } : {}) },
      label: {
        show: true, position: "right", color: color("ink"), fontSize: 12,
        formatter: (item) => (item.value ? label(item.dataIndex) : ""),
      },
    });
    const count = one.steps.length;
    return {
      height: 34 * names.length + 44,
      said: "",
      option: {
        ...base(),
        aria: { enabled: true, decal: { show: false } },
        grid: grid(element, 78),
        xAxis: values(),
        yAxis: bars(names, element),
        tooltip: {
          ...base().tooltip,
          formatter: (item) => item.dataIndex < count
            ? tip([one.steps[item.dataIndex].name, one.steps[item.dataIndex].amount_text, one.steps[item.dataIndex].driver].filter(Boolean))
            : tip(["total", short(total)]),
        },
        series: [
          { type: "bar", stack: "all", data: under, itemStyle: { color: "transparent" }, silent: true, tooltip: { show: false } },
          series("adds", [...rise, 0], color("second")),
          series("takes off", [...fall, 0], color("good-fill"), true),
          series("total", [...one.steps.map(() => 0), total], color("accent")),
        ],
      },
    };
  };

  const ranking = (one, element) => ({
    height: 30 * one.ranking.length + 44,
    said: `Worst: ${one.worst_text}`,
    option: {
      ...base(),
      grid: grid(element),
      xAxis: values(),
      yAxis: bars(one.ranking.map((row) => row.name), element),
      tooltip: { ...base().tooltip, formatter: (item) => tip([one.ranking[item.dataIndex].name, one.ranking[item.dataIndex].amount_text]) },
      series: [{
        type: "bar", barMaxWidth: 18,
        data: one.ranking.map((row) => ({ value: row.amount, itemStyle: { color: color(row.amount < 0 ? "bad-fill" : "second") } })),
      }],
    },
  });

  // Blue to vermilion through the ground colour: told apart with any common colour blindness, and each cell has its figure.
  const heatmap = (one, element) => {
    if (one.ranking) return ranking(one, element);
    const size = Math.max(1e-12, ...one.cells.map((cell) => Math.abs(cell.value)));
    const dense = element.clientWidth / one.prices.length < 44;
    return {
      height: Math.max(170, 46 * one.vols.length + 62),
      said: `Worst, outlined: ${one.worst_text}`,
      option: {
        ...base(),
        grid: { left: 78, right: 10, top: 8, bottom: 34 },
        xAxis: axis({ type: "category", data: one.prices, splitLine: { show: false } }),
        yAxis: axis({ type: "category", data: one.vols, splitLine: { show: false } }),
        visualMap: { show: false, seriesIndex: 0, min: -size, max: size, inRange: { color: [color("loss-2"), color("loss-1"), color("card"), color("gain-1"), color("gain-2")] } },
        tooltip: { ...base().tooltip, formatter: (item) => tip([one.cells[item.dataIndex].text]) },
        series: [{
          type: "heatmap",
          data: one.cells.map((cell) => ({
            value: [...cell.at, cell.value],
            itemStyle: { borderColor: color("card"), borderWidth: 2 },
            label: { color: Math.abs(cell.value) > 0.62 * size ? "#ffffff" : color("ink"), fontWeight: cell.worst ? 700 : 400 },
          })),
          label: { show: !dense, fontSize: 12, formatter: (item) => one.cells[item.dataIndex].short },
        }, {
          // The outline lies above all cells, or its neighbours would cover half of it.
          type: "heatmap", silent: true, z: 5, tooltip: { show: false },
          data: one.cells.filter((cell) => cell.worst).map((cell) => ({
            value: [...cell.at, cell.value],
            itemStyle: { color: "transparent", borderColor: color("ink"), borderWidth: 3 },
          })),
          label: { show: false },
        }],
      },
    };
  };

  const curve = (one, element) => {
    const first = one.prices[0], last = one.prices[one.prices.length - 1];
    const bands = [], said = [];
    if (one.liquidated_below !== null) {
      said.push(`liquidated below ${price(one.liquidated_below)}`);
      if (one.liquidated_below > first) bands.push([{ xAxis: first }, { xAxis: one.liquidated_below }]);
    }
    if (one.liquidated_above !== null) {
      said.push(`liquidated above ${price(one.liquidated_above)}`);
      if (one.liquidated_above < last) bands.push([{ xAxis: one.liquidated_above }, { xAxis: last }]);
    }
    const line = (name, points, more) => ({
      name, type: "line", showSymbol: false, smooth: false, data: one.prices.map((at, index) => [at, points[index]]), ...more,
    });
    return {
      height: 320,
      said: said.length ? `Shaded bands: ${said.join("; ")}.` : "No liquidation on the way.",
      option: {
        ...base(),
        legend: { top: 0, left: 0, textStyle: { color: color("ink") }, itemWidth: 28 },
        grid: { left: 58, right: 18, top: 48, bottom: 44 },
        xAxis: axis({ type: "value", min: first, max: last, splitLine: { show: false }, name: one.title, nameLocation: "middle", nameGap: 28, nameTextStyle: { color: color("soft") }, axisLabel: { color: color("soft"), formatter: short, hideOverlap: true } }),
        yAxis: values(),
        tooltip: {
          ...base().tooltip, trigger: "axis",
          formatter: (items) => tip([`${one.title} ${price(items[0].value[0])}`, ...items.map((item) => `${item.seriesName}: ${short(item.value[1])} ${one.unit}`)]),
        },
        series: [
          line("today", one.today, {
            lineStyle: { width: 2.5, color: color("accent") }, itemStyle: { color: color("accent") },
            markLine: {
              symbol: "none", silent: true, animation: false,
              lineStyle: { color: color("soft"), type: "solid", width: 1 },
              label: { color: color("soft"), formatter: `now ${price(one.now)}`, position: "end" },
              data: [{ xAxis: one.now }],
            },
            markArea: {
              silent: true,
              itemStyle: { color: color("bad-fill"), opacity: 0.16, borderColor: color("bad-fill"), borderWidth: 1, borderType: "dashed" },
              label: { show: !narrow(element), formatter: "✕ liquidated", color: color("bad"), position: "insideBottom", fontWeight: 600 },
              data: bands,
            },
          }),
          line("at expiry", one.at_expiry, { lineStyle: { width: 2.5, type: "dashed", color: color("near-fill") }, itemStyle: { color: color("near-fill") } }),
        ],
      },
    };
  };

  const moves = (rows, element) => {
    const known = rows.filter((row) => row.down !== null || row.up !== null);
    if (!known.length) return null;
    const side = (name, fill) => ({
      name, type: "bar", stack: "move", barMaxWidth: 20,
      data: known.map((row) => row[name]),
      itemStyle: { color: color(fill), borderRadius: 3 },
      label: { show: true, position: name === "down" ? "insideLeft" : "insideRight", color: "#111", fontSize: 11.5, formatter: (item) => (item.value === null || item.value === undefined || Math.abs(item.value) < 0.06 ? "" : `${(100 * item.value).toFixed(1)}%`) },
    });
    return {
      height: 42 * known.length + 56,
      said: "",
      option: {
        ...base(),
        grid: { ...grid(element, 24), left: narrow(element) ? 84 : 110, top: 8 },
        xAxis: axis({ type: "value", axisLabel: { color: color("soft"), formatter: (value) => `${Math.round(100 * value)}%`, hideOverlap: true } }),
        yAxis: { ...bars(known.map((row) => row.asset), element) },
        tooltip: { ...base().tooltip, formatter: (item) => tip([known[item.dataIndex].asset, `down: ${known[item.dataIndex].down_text}`, `up: ${known[item.dataIndex].up_text}`]) },
        series: [side("down", "near-fill"), side("up", "second")],
      },
    };
  };

  const collateral = (rows, element) => {
    if (!rows.length) return null;
    const lost = rows.map((row) => (row.value > 0 ? Math.max(0, row.value - row.credit) : 0));
    return {
      height: 34 * rows.length + 74,
      said: "",
      option: {
        ...base(),
        legend: { top: 0, left: 0, textStyle: { color: color("ink") } },
        grid: { ...grid(element, 30), top: 34 },
        xAxis: values(),
        yAxis: bars(rows.map((row) => row.name), element),
        tooltip: { ...base().tooltip, formatter: (item) => tip([rows[item.dataIndex].name, `value ${rows[item.dataIndex].value_text}`, `credit ${rows[item.dataIndex].credit_text}`]) },
        series: [
          { name: "credit", type: "bar", stack: "all", barMaxWidth: 20, itemStyle: { color: color("good-fill") },
            data: rows.map((row) => ({ value: row.credit, itemStyle: { color: color(row.credit < 0 ? "bad-fill" : "good-fill") } })) },
          { name: "taken off", type: "bar", stack: "all", barMaxWidth: 20, data: lost, itemStyle: { color: color("near-fill"), decal: { symbol: "rect", color: "rgba(0,0,0,.3)", dashArrayX: [2, 4], dashArrayY: [4, 2], rotation: 0.8 } } },
        ],
      },
    };
  };

  const locked = (rows, name) => (element) => {
    const known = rows.filter((row) => row.locked !== null);
    if (!known.length) return null;
    const shortfalls = known.some((row) => row.shortfall);
    return {
      height: 40 * known.length + (shortfalls ? 72 : 40),
      said: "",
      option: {
        ...base(),
        legend: shortfalls ? { top: 0, left: 0, textStyle: { color: color("ink") } } : undefined,
        grid: { ...grid(element, 78), top: shortfalls ? 34 : 8 },
        xAxis: values(),
        yAxis: bars(known.map((row) => row[name]), element),
        tooltip: { ...base().tooltip, formatter: (item) => tip([known[item.dataIndex][name], `locked ${known[item.dataIndex].locked_text}`, ...(shortfalls ? [`shortfall ${known[item.dataIndex].shortfall_text}`] : [])]) },
        series: [
          {
            name: "locked", type: "bar", barMaxWidth: 20, data: known.map((row) => row.locked), itemStyle: { color: color("second"), borderRadius: 3 },
            label: { show: true, position: "right", color: color("ink"), fontSize: 12, formatter: (item) => known[item.dataIndex].locked_text },
          },
          ...(shortfalls ? [{ name: "shortfall", type: "bar", barMaxWidth: 12, data: known.map((row) => row.shortfall), itemStyle: { color: color("bad-fill"), borderRadius: 3 } }] : []),
        ],
      },
    };
  };

  const kinds = {
    waterfall: { of: (account) => account.waterfalls, title: (one) => one.level, first: (all) => all.length - 1, make: waterfall },
    heatmap: { of: (account) => account.heatmaps, title: (one) => one.title, first: () => 0, make: heatmap },
    curve: { of: (account) => account.curves, title: (one) => one.title, first: () => 0, make: curve },
    moves: { of: (account) => [account.moves], title: () => "", first: () => 0, make: moves },
    collateral: { of: (account) => [account.collateral], title: () => "", first: () => 0, make: collateral },
  };

  const place = (element, make, said) => {
    let chart = null;
    const draw = () => {
      element.style.display = "block"; // an empty picture takes no room, so its width is known only now
      const made = make(element);
      if (!made) {
        element.style.display = "none";
        return;
      }
      element.style.height = `${made.height}px`;
      chart = chart || echarts.init(element, null, { renderer: "svg" });
      chart.resize();
      chart.setOption(made.option, true);
      if (said) said.textContent = made.said;
    };
    drawn.push(draw);
    return draw;
  };

  const choice = (figure, kind, all, chosen, redraw) => {
    if (all.length < 2) return;
    const select = document.createElement("select");
    select.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
    all.forEach((one, index) => select.append(new Option(kind.title(one), String(index))));
    select.value = String(chosen.index);
    select.addEventListener("change", () => {
      chosen.index = Number(select.value);
      redraw();
    });
    figure.querySelector(".choice").append(select);
  };

  // A picture is drawn when it comes near the window, so that a page of many accounts opens at once.
  const waiting = new Map();
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      waiting.get(entry.target)();
    }
  }, { rootMargin: "400px" });
  const later = (element, begin) => {
    waiting.set(element, begin);
    near.observe(element);
  };

  for (const figure of document.querySelectorAll("figure")) {
    const kind = kinds[figure.dataset.figure];
    const all = kind.of(data.accounts[Number(figure.dataset.account)]).filter((one) => !Array.isArray(one) || one.length);
    if (!all.length) {
      if (!figure.querySelector("table, details")) figure.classList.add("nothing");
      continue;
    }
    later(figure, () => {
      const chosen = { index: kind.first(all) };
      const chart = figure.querySelector(".chart");
      const draw = place(chart, (element) => kind.make(all[chosen.index], element), figure.querySelector(".said"));
      choice(figure, kind, all, chosen, draw);
      draw();
    });
  }
  for (const [name, rows, label] of [["columns", data.columns, "label"], ["recipes", data.recipes, "name"]]) {
    const element = document.querySelector(`section .chart[data-chart="${name}"]`);
    if (element) later(element.closest("section"), place(element, locked(rows, label)));
  }

  const redraw = () => drawn.forEach((draw) => draw());
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    redraw();
  });

  const button = document.getElementById("theme");
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (document.documentElement.dataset.theme || (prefers.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-pressed", String(dark()));
    button.setAttribute("aria-label", dark() ? "Change to light colours" : "Change to dark colours");
    redraw();
  };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    show();
  });
  prefers.addEventListener("change", show);
  show();
})();
