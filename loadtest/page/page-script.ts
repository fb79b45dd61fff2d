/**
 * Runs in the browser: the values under the pointer, in all plots of a scenario at once. It only
 * sets texts, never markup, and the page is complete without it.
 */
export const pageScript = `
for (const group of document.querySelectorAll(".plots")) {
  const plots = [...group.querySelectorAll("figure")].map((figure) => ({
    svg: figure.querySelector("svg"), cursor: figure.querySelector(".cursor"),
    output: figure.querySelector("output"),
    data: JSON.parse(figure.querySelector("script").textContent),
  }));
  const hide = () => {
    for (const { cursor, output } of plots) {
      cursor.setAttribute("hidden", "");
      output.classList.remove("shown");
    }
  };
  const show = (share) => {
    for (const { cursor, output, data } of plots) {
      const second = share * data.seconds;
      let at = data.second.findLastIndex((each) => each <= second);
      if (at < 0) at = 0;
      if (data.second.length === 0) continue;
      const width = data.width - data.left - data.right;
      const x = data.left + (data.second[at] / data.seconds) * width;
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.removeAttribute("hidden");
      const lines = data.lines.map(({ label, values }) => {
        const value = values[at];
        const digits = { maximumFractionDigits: 2 };
        return label + " " + (value === null ? "–" : value.toLocaleString("en", digits));
      });
      output.textContent = [data.second[at] + " s", ...lines].join("\\n");
      output.classList.add("shown");
      output.style.right = share > 0.6 ? "auto" : "8px";
      output.style.left = share > 0.6 ? "60px" : "auto";
    }
  };
  for (const { svg, data } of plots) {
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * data.width - data.left;
      const share = x / (data.width - data.left - data.right);
      if (share < 0 || share > 1) hide();
      else show(share);
    });
    svg.addEventListener("pointerleave", hide);
  }
}
`;
