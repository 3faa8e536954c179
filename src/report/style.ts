// The page's style. Colours are variables with a light and a dark value; the series are Okabe and Ito's
// hues, moved in lightness until each stands out from its background by 3:1 or more.

export const style = `
:root {
  color-scheme: light dark;
  --surface: #ffffff; --raised: #f6f5f2; --ink: #1c1b19; --muted: #63605a; --line: #d9d6cf;
  --accent: #0a5c93; --good: #00694d; --bad: #a33a0a;
  --series-1: #0072b2; --series-2: #c85400; --series-3: #00805c; --series-4: #a8468a;
  --series-5: #8a6400; --series-6: #4a6fd0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --surface: #161614; --raised: #201f1d; --ink: #eceae4; --muted: #a8a49a; --line: #3b3934;
    --accent: #7cc0ef; --good: #52d3a8; --bad: #ff9b6a;
    --series-1: #56b4e9; --series-2: #ff8f4a; --series-3: #2fc997; --series-4: #e08cc4;
    --series-5: #e0b020; --series-6: #9db4ff;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--surface); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main, header, footer { max-width: 74rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 3rem; }
h1 { font-size: clamp(1.6rem, 4vw, 2.25rem); line-height: 1.15; letter-spacing: -.015em; margin: .25rem 0 1rem; }
h2 { font-size: 1.35rem; letter-spacing: -.01em; margin: 3.5rem 0 .5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
#viewer h3 { margin-top: .5rem; }
p { margin: .5rem 0 1rem; max-width: 44rem; }
.eyebrow { margin: 0; color: var(--muted); font-size: .875rem; }
.lead { font-size: 1.2rem; line-height: 1.5; max-width: 48rem; }
.muted, .interval { color: var(--muted); }
.interval { font-size: .86em; white-space: nowrap; }
.note { border-left: 3px solid var(--line); padding-left: .75rem; color: var(--muted); }
a { color: var(--accent); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; margin: 1.5rem 0 0; list-style: none; font-size: .95rem; }
dl.facts { display: flex; flex-wrap: wrap; gap: .75rem 2.5rem; margin: 1.5rem 0 0; }
dl.facts dt { color: var(--muted); font-size: .8rem; }
dl.facts dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem 2.5rem; align-items: start; }
figure { margin: 0 0 1rem; min-width: 0; }
figcaption { margin-bottom: .25rem; }
figcaption span { display: block; color: var(--muted); font-size: .875rem; }
.chart svg { font-size: 12px; overflow: visible; display: block; width: 100%; max-width: 36rem; height: auto; }
.chart-narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: .15rem .9rem; margin: .25rem 0 .5rem; padding: 0; list-style: none; font-size: .875rem; }
.legend li { display: inline-flex; align-items: center; gap: .3rem; }
.legend svg { flex: none; width: 32px; height: 14px; }
details { margin: .25rem 0 0; }
summary { cursor: pointer; color: var(--accent); font-size: .9rem; width: max-content; max-width: 100%; }

.scroll { overflow: auto; max-width: 100%; margin: .5rem 0 1rem; }
details .scroll { max-height: 30rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding: 0 0 .4rem; font-size: .875rem; }
th, td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 500; font-size: .825rem; vertical-align: bottom; }
tbody th { font-weight: 500; }
td, tbody th { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }

.controls { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 1rem 0; }
.controls label { display: grid; gap: .15rem; font-size: .8rem; color: var(--muted); min-width: 0; max-width: 100%; }
.controls .grow { flex: 1 1 16rem; }
select, button {
  font: inherit; font-size: .9rem; color: var(--ink); background: var(--raised); border: 1px solid var(--muted);
  border-radius: 4px; padding: .35rem .6rem; max-width: 100%; min-width: 0; width: auto;
}
.grow select { width: 100%; }
button { cursor: pointer; }
button:disabled { color: var(--muted); cursor: default; border-color: var(--line); }
.problem { background: var(--raised); padding: 1rem 1.15rem; border-radius: 6px; margin: 0 0 1rem; overflow-wrap: anywhere; }
.problem p { white-space: pre-wrap; max-width: 60rem; margin: 0 0 .6rem; }
.problem dl { display: flex; flex-wrap: wrap; gap: .3rem 2rem; margin: 0; font-size: .9rem; }
.problem dl div { display: flex; gap: .5rem; }
.problem dt { color: var(--muted); }
.problem dd { margin: 0; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 20rem; gap: 1rem 2.5rem; align-items: start; }

ul.tree, ul.tree ul { list-style: none; margin: 0; padding: 0; }
ul.tree ul { margin-left: .55rem; padding-left: .75rem; border-left: 1px solid var(--line); }
ul.tree ul.chain { margin-left: 0; padding-left: 0; border-left: 0; }
.row { display: grid; grid-template-columns: 1rem 3.6rem minmax(0, 1fr) auto; gap: .1rem .5rem; padding: .22rem .3rem; border-radius: 4px; align-items: baseline; cursor: default; }
.row:hover { background: var(--raised); }
.row:focus-visible { outline-offset: -2px; }
.toggle { color: var(--muted); font-size: .7rem; }
.row[aria-expanded] { cursor: pointer; }
.score { font-variant-numeric: tabular-nums; font-size: .85rem; display: grid; grid-template-columns: 1.5rem auto; gap: .35rem; align-items: center; }
.score i { height: .5rem; border: 1px solid var(--muted); background: linear-gradient(to right, var(--series-1) calc(100% * var(--score)), transparent 0); }
.step { white-space: pre-wrap; overflow-wrap: anywhere; }
.tags { display: flex; max-width: 20rem; justify-content: flex-end; flex-wrap: wrap; gap: .2rem .4rem; font-size: .775rem; }
.tag { border: 1px solid transparent; border-radius: 3px; padding: 0 .3rem; color: var(--muted); overflow-wrap: anywhere; }
.tag.chosen { border-color: var(--accent); color: var(--accent); font-weight: 600; }
.tag.good { border-color: var(--good); color: var(--good); }
.tag.bad { border-color: var(--bad); color: var(--bad); }
.row.dropped > .step { color: var(--muted); }
.row.dropped .tag.fate { border: 1px dashed var(--muted); padding-left: .3rem; }
.row.on-path { background: color-mix(in srgb, var(--accent) 9%, transparent); }
.bar { display: block; height: .45rem; width: 5rem; border: 1px solid var(--muted); background: linear-gradient(to right, var(--series-1) calc(100% * var(--share)), transparent 0); }
footer { margin-top: 4rem; padding-bottom: 3rem; color: var(--muted); font-size: .875rem; }
footer p { max-width: 60rem; }

@media (max-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 36rem) {
  main, header, footer { padding-left: .9rem; padding-right: .9rem; }
  header { padding-top: 1.75rem; }
  .lead { font-size: 1.08rem; }
  .chart-wide { display: none; }
  .chart-narrow { display: block; }
  .grow { flex-basis: 100% !important; }
  .tags { grid-column: 3; justify-content: flex-start; }
  .tag:first-child { padding-left: 0; }
  .row { grid-template-columns: .8rem 3.6rem minmax(0, 1fr); gap: .1rem .35rem; padding-left: 0; padding-right: 0; }
  ul.tree ul { margin-left: .25rem; padding-left: .4rem; }
}
@media print {
  :root { --surface: #fff; --raised: #fff; --ink: #000; --muted: #444; --line: #bbb; }
  nav, .controls { display: none; }
  body { font-size: 11pt; }
  h2, h3 { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; max-height: none; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;
