/** The page's only style. Two sets of colours; the rest is common. */
export const style = `
:root { color-scheme: light dark;
  --paper: #f7f6f2; --card: #ffffff; --ink: #1c2430; --quiet: #647081; --line: #e4e2da; --faint: #f1efe9;
  --accent: #0f6b74; --good: #1a7a4c; --good-wash: #e6f3ec; --bad: #b3261e; --bad-wash: #fbeae8;
  --warn: #8a5a00; --warn-wash: #fbf1dc; --calm-wash: #e9edf1; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #11161b; --card: #191f26; --ink: #dde3e9; --quiet: #93a0ae; --line: #2a323b; --faint: #1f262e;
  --accent: #62c3c9; --good: #6fcf9b; --good-wash: #16301f; --bad: #ff9188; --bad-wash: #3a1c1b;
  --warn: #e7b75a; --warn-wash: #33280f; --calm-wash: #27303a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI",
  "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 34px; line-height: 1.15; letter-spacing: -0.02em; margin: 6px 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 21px; letter-spacing: -0.01em; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 15px; margin: 26px 0 8px; color: var(--ink); }
p { margin: 0 0 8px; }
code, .code, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.85em; }
a { color: var(--accent); }
.brand { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 9px; color: var(--quiet); font-size: 14px; margin-bottom: 26px; }
.brand b { color: var(--ink); font-weight: 650; }
.brand svg { width: 26px; height: 26px; color: var(--accent); flex: none; }
.brand span { margin-left: auto; font-variant-numeric: tabular-nums; }
.lead { font-size: 18px; max-width: 46em; margin-bottom: 4px; }
.quiet { color: var(--quiet); font-size: 14px; }
.title { display: flex; align-items: center; flex-wrap: wrap; gap: 10px 14px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 24px 26px; margin-top: 22px; }
.status { display: inline-flex; align-items: center; gap: 8px; font-weight: 650; font-size: 15px; padding: 4px 14px 4px 11px;
  border-radius: 99px; }
.status::before { content: ""; width: 9px; height: 9px; border-radius: 50%; background: currentColor; }
.badge { display: inline-block; font-size: 12.5px; font-weight: 600; line-height: 1; padding: 4px 8px; border-radius: 99px;
  white-space: nowrap; }
.good { color: var(--good); background: var(--good-wash); }
.bad { color: var(--bad); background: var(--bad-wash); }
.warn { color: var(--warn); background: var(--warn-wash); }
.calm { color: var(--quiet); background: var(--calm-wash); }
.box { border-radius: 10px; padding: 14px 18px; margin: 16px 0 0; color: var(--ink); overflow-wrap: anywhere; }
.box.bad { border-left: 4px solid var(--bad); } .box.warn { border-left: 4px solid var(--warn); }
.box p:last-child { margin: 0; } .box .cause { font-weight: 600; } .box .code { color: var(--quiet); }
.box ul { margin: 4px 0 0; padding-left: 20px; }
.details { margin: 14px 0 0; }
.notes { margin: 14px 0 0; padding-left: 18px; }
.arrow { color: var(--accent); font-weight: 700; }
.figures { display: flex; flex-wrap: wrap; gap: 1px; margin-top: 26px;
  background: var(--line); border: 1px solid var(--line); border-radius: 14px; overflow: hidden; }
.figures div { background: var(--card); padding: 16px 20px; flex: 1 0 132px; }
.figures b { display: block; font-size: 23px; font-weight: 620; letter-spacing: -0.02em; line-height: 1.25;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures span { color: var(--quiet); font-size: 13.5px; }
.route { display: grid; grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr); gap: 6px 18px; align-items: center; margin: 22px 0 0; }
.route > div { border: 1px solid var(--line); border-radius: 12px; background: var(--card); padding: 13px 18px; min-width: 0; }
.route b { display: block; font-weight: 620; overflow-wrap: anywhere; }
.route i { font-style: normal; font-size: 22px; color: var(--accent); }
.chip { display: inline-block; border: 1px solid var(--line); border-radius: 8px; padding: 2px 9px; margin: 0 4px 6px 0;
  font-size: 13.5px; font-variant-numeric: tabular-nums; }
details { border-top: 1px solid var(--line); margin-top: 14px; padding-top: 12px; }
details + details { margin-top: 12px; }
summary { cursor: pointer; font-weight: 600; font-size: 15px; border-radius: 6px; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
.count { color: var(--quiet); font-weight: 400; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: 10px -8px 0; }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; }
th { text-align: left; font-weight: 500; color: var(--quiet); font-size: 13px; padding: 6px 8px; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
td { padding: 7px 8px; border-bottom: 1px solid var(--faint); vertical-align: top; overflow-wrap: anywhere; }
td.name { min-width: 11em; }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover td { background: var(--faint); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
td.number .share { display: block; height: 3px; border-radius: 2px; background: var(--accent); opacity: 0.45; margin: 3px 0 0 auto; }
.short { white-space: nowrap; overflow-wrap: normal; }
.digest { color: var(--quiet); white-space: nowrap; }
.kind { color: var(--quiet); font-size: 12px; letter-spacing: 0.02em; white-space: nowrap; }
.bar { display: flex; height: 12px; border-radius: 6px; overflow: hidden; background: var(--faint); gap: 2px; margin: 14px 0 10px; }
.bar span { min-width: 3px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; font-size: 14px; list-style: none; padding: 0; margin: 0; }
.legend li { display: flex; align-items: center; gap: 8px; font-variant-numeric: tabular-nums; }
.legend i { width: 10px; height: 10px; border-radius: 3px; }
.s0 { background: #9aa7b5; } .s1 { background: #5b8fb9; } .s2 { background: #0f7c86; } .s3 { background: #7a8f3c; } .s4 { background: #b98636; }
.event-error { color: var(--bad); } .event-warning { color: var(--warn); }
footer { color: var(--quiet); font-size: 13.5px; margin-top: 30px; text-align: center; }
@media (max-width: 640px) { main { padding: 24px 14px 48px; } .card { padding: 18px 16px; } h1 { font-size: 27px; }
  .route { grid-template-columns: 1fr; } .route i { text-align: center; transform: rotate(90deg); } }
@media print { body { background: #fff; } main { max-width: none; padding: 0; } .scroll { overflow: visible; }
  .figures, .box, tr { break-inside: avoid; } .title, summary { break-after: avoid; } }
`
