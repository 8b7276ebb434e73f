/**
 * The live page in the browser: puts what the command sends into its places, draws the speeds, and sends what is to be changed. All markup
 * comes from the command, which has escaped it.
 */
import uPlot from './uplot.js'

const place = (id) => document.getElementById(id)
const source = new EventSource('events')
let latest = null
let isOver = false

source.addEventListener('show', ({ data }) => {
  const { sections, title } = JSON.parse(data)
  for (const [id, markup] of Object.entries(sections)) place(id).innerHTML = markup
  document.title = title
  latest = new Date()
  tellLink('')
})

source.addEventListener('said', ({ data }) => {
  place('said').textContent = JSON.parse(data)
})

source.addEventListener('over', () => {
  isOver = true
  source.close()
  tellLink('the run is over')
  for (const field of document.querySelectorAll('#limits input, #limits button')) field.disabled = true
})

source.addEventListener('error', () => {
  if (isOver) return
  const seen = latest === null ? '' : `, what is below is of ${latest.toLocaleTimeString()}`
  const again = source.readyState === EventSource.CLOSED ? 'the command has ended: see its terminal' : 'trying again'
  tellLink(`connection lost, ${again}${seen}`, true)
})

function tellLink(text, lost = false) {
  const link = place('link')
  const words = text === '' ? 'connected' : text
  // A screen reader says what changes here.
  if (link.textContent !== words) link.textContent = words
  link.classList.toggle('lost', lost)
}

// The speeds.

const points = [[], []]
const dark = matchMedia('(prefers-color-scheme: dark)')
let plot = null

source.addEventListener('speeds', ({ data }) => {
  const { from, at, bytes } = JSON.parse(data)
  points[0].splice(from, Number.POSITIVE_INFINITY, ...at)
  points[1].splice(from, Number.POSITIVE_INFINITY, ...bytes)
  if (plot === null) draw()
  else plot.setData(points)
})

function draw() {
  plot?.destroy()
  const style = getComputedStyle(document.documentElement)
  const colour = (name) => style.getPropertyValue(name).trim()
  const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } }
  const font = '13px system-ui, sans-serif'
  plot = new uPlot(
    {
      width: place('plot').clientWidth,
      height: 220,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_, __, most) => [0, Math.max(1000, most * 1.1)] } },
      axes: [
        { ...axis, font, values: (_, seconds) => seconds.map(clock), space: 90, size: 34 },
        { ...axis, font, values: (_, speeds) => speeds.map(speedText), size: 78 },
      ],
      series: [{}, { stroke: colour('--accent'), fill: `${colour('--accent')}26`, width: 2, points: { show: false } }],
    },
    points,
    place('plot'),
  )
}

const clock = (seconds) => new Date(seconds * 1000).toTimeString().slice(0, 8)

function speedText(speed) {
  if (speed === 0) return '0'
  const power = Math.min(3, Math.floor(Math.log10(speed) / 3))
  return `${Number((speed / 1000 ** power).toFixed(1))} ${['B', 'kB', 'MB', 'GB'][power]}/s`
}

new ResizeObserver(([{ contentRect }]) => {
  plot?.setSize({ width: contentRect.width, height: 220 })
}).observe(place('plot'))
dark.addEventListener('change', () => plot !== null && draw())

// The limits.

const form = place('limits')
form?.addEventListener('submit', (event) => {
  event.preventDefault()
  const given = [...new FormData(form)].map(([name, value]) => [name, value.trim()])
  change(Object.fromEntries(given.filter(([, value]) => value !== '')))
})
for (const button of form?.querySelectorAll('[data-paused]') ?? []) {
  button.addEventListener('click', () => change({ paused: button.dataset.paused }))
}

async function change(fields) {
  const told = place('changed')
  told.classList.remove('wrong')
  told.textContent = 'Changing …'
  try {
    const answer = await fetch('limits', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    })
    const { lines, error } = await answer.json()
    told.classList.toggle('wrong', error !== null)
    told.textContent = error === null ? lines.join('\n') : `${error.code}: ${error.message}\n${error.remedy}`
    if (error === null) form.reset()
  } catch {
    told.classList.add('wrong')
    told.textContent = 'The command does not answer: it may have ended. Its terminal says how the run stands.'
  }
}
