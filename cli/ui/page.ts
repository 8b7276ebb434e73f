import { BOAT, Html, html } from '../../lambdas/core/present/html.ts'
import type { sectionNames } from './sections.ts'

/** Numbers that may be changed while the run goes on, as `sampan limits` takes them. */
const FIELDS: readonly { readonly name: string; readonly title: string; readonly unit: string }[] = [
  { name: 'lanes', title: 'Lanes', unit: 'number, or auto' },
  { name: 'megabytesPerSecond', title: 'MB per second', unit: 'number, or none' },
  { name: 'rowsPerSecond', title: 'Rows per second', unit: 'number, or none' },
  { name: 'queriesPerSecond', title: 'Queries per second', unit: 'number, or none' },
]

/**
 * The page without what changes: the browser fills it by the events. It loads nothing but what stands beside it under the same address.
 * @param changes whether the run's limits can be moved from here
 */
export function livePage(changes: boolean): string {
  const place = (name: (typeof sectionNames)[number], attributes = new Html('')) =>
    html`<div id="${name}"${attributes}></div>`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Sampan</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="report.css">
<link rel="stylesheet" href="uplot.css">
<link rel="stylesheet" href="page.css">
<script type="module" src="page.js"></script>
</head>
<body>
<main>
<header>
<div class="brand">${BOAT}<b>Sampan</b> live<span id="link" role="status">connecting …</span></div>
${place('status')}
<p id="said" class="hidden" role="status"></p>
${place('figures')}
</header>
<section class="card"><h2>Workflow</h2>${place('steps')}</section>
<section class="card"><h2>Throughput</h2><div id="plot" aria-hidden="true"></div><p id="speed" class="quiet"></p></section>
${place('databases')}
<section class="card"><h2>Limits</h2>${place('holds')}${changes ? limitsForm() : null}</section>
<section class="card"><h2>Noticed</h2>${place('notices')}</section>
<noscript><p class="box warn">This page needs JavaScript: it has nothing to show without what the run tells it.</p></noscript>
<footer>From this machine only, and nothing is loaded from elsewhere. No row value and no password is on this page.</footer>
</main>
</body>
</html>
`.text
}

function limitsForm(): Html {
  return html`<form id="limits" autocomplete="off"><div class="fields">${FIELDS.map(
    ({ name, title, unit }) =>
      html`<label>${title}<input name="${name}" inputmode="decimal" placeholder="${unit}"></label>`,
  )}</div>
<p class="quiet">A field left empty stays as it is. All lanes together keep to it, and look every few seconds.</p>
<p class="buttons"><button type="submit">Change</button><button type="button" data-paused="true">Pause the copy</button><button type="button" data-paused="false">Let it go on</button></p>
<p id="changed" role="status"></p></form>`
}
