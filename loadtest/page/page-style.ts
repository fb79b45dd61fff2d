/** The page's style: system fonts, both themes, prints. Plot colours tell apart in either. */
export const pageStyle = `
:root { color-scheme: light dark; --bg: #fbfbfa; --card: #fff; --text: #1c1e21; --dim: #667;
  --rule: #dfe1e4; --band: #f1f3f6; --good: #157a46; --bad: #c0291f; --unsure: #8a6100;
  --c1: #2563c9; --c2: #14866d; --c3: #c2570c; --c4: #b3265e; --c5: #7a4fc4; }
@media (prefers-color-scheme: dark) { :root { --bg: #15171a; --card: #1d2024; --text: #e7e9ec;
  --dim: #9aa3ad; --rule: #33383f; --band: #24282e; --good: #4cc38a; --bad: #ff7b6e;
  --unsure: #e0b34a; --c1: #74a7ff; --c2: #4fc9ab; --c3: #f5a25d; --c4: #ff86b0; --c5: #b99aff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 0; }
h3 { font-size: 14px; margin: 20px 0 6px; color: var(--dim); font-weight: 600; }
p { margin: 4px 0 12px; } .dim { color: var(--dim); } a { color: var(--c1); }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px;
  padding: 18px 20px; margin-top: 22px; }
.head { display: flex; gap: 12px; align-items: baseline; flex-wrap: wrap; }
.badge { font-size: 13px; font-weight: 600; border: 1px solid; border-radius: 99px;
  padding: 0 10px; }
.holds { color: var(--good); } .broken { color: var(--bad); } .unclear { color: var(--unsure); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: right; padding: 5px 10px; border-top: 1px solid var(--rule);
  white-space: nowrap; }
th { border-top: 0; color: var(--dim); font-weight: 600; }
th:first-child, td:first-child, .checks th, .checks td { text-align: left; }
.checks td { white-space: normal; } .checks td:first-child { width: 5.5em; font-weight: 600; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 2px 24px;
  margin: 12px 0 0; font-size: 13.5px; }
.facts div { display: flex; justify-content: space-between; gap: 12px;
  border-bottom: 1px solid var(--rule); padding: 3px 0; }
.facts dt { color: var(--dim); } .facts dd { margin: 0; text-align: right; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr));
  gap: 14px 22px; margin-top: 16px; }
figure { margin: 0; position: relative; min-width: 0; }
figcaption { font-size: 13.5px; font-weight: 600; display: flex; gap: 6px; flex-wrap: wrap; }
figcaption span { color: var(--dim); font-weight: 400; } .legend { margin-left: auto; }
.key { display: inline-block; width: 14px; height: 0; border-top: 3px solid currentColor;
  margin: 0 5px 3px 8px; } .key.dashed { border-top-style: dashed; }
.c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); }
.c4 { color: var(--c4); } .c5 { color: var(--c5); }
svg { display: block; width: 100%; height: auto; }
.line { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round;
  stroke-linecap: round; } .line.dashed { stroke-dasharray: 5 4; }
.grid { stroke: var(--rule); stroke-width: .7; } .band0 { fill: var(--band); }
.band1 { fill: none; pointer-events: all; }
.tick, .phase { fill: var(--dim); font-size: 10.5px; } .cursor { stroke: var(--dim); }
.cursor[hidden] { display: none; }
output { position: absolute; right: 8px; top: 34px; font-size: 12px; pointer-events: none;
  background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: 4px 8px;
  white-space: pre; display: none; } output.shown { display: block; }
ul { margin: 4px 0; padding-left: 20px; }
@media print { section { break-inside: avoid-page; } body { background: #fff; } }
`;
