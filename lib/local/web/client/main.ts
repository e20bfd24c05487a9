import 'uplot/dist/uPlot.min.css'
import './theme.css'
import './base.css'
import './tables.css'
import './frame.css'
import './bars.css'
import './overview-controls.css'
import './overview.css'
import './monitor.css'
import './failovers.css'
import './incidents.css'
import { App } from './app.ts'
import { followLinks } from './router.ts'
import { restoreTheme } from './theme.ts'
import { keepAges } from './time.ts'

const [main, header, banner] = ['page', 'header', 'banner'].map((id) => document.getElementById(id))
if (!main || !header || !banner) throw new Error('expected the page to have #page, #header and #banner')

restoreTheme()
keepAges()
const app = new App(main, header, banner)
// The place stays out of the address: going there is no step in the history.
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault()
  main.focus()
})
followLinks(() => void app.go())
void app.load()
