import { paletteRules } from './palette.ts';

/** Of the shadow root: the page's own rules end at it, and these leave the page alone. What uPlot needs to stand where it should is among them. */
export function styleText(): string {
  return `${paletteRules()}
:host{display:none}
:host([open]){display:block;height:380px}
:host([open][docked]){height:var(--peerpool-inspector-height,min(380px,70vh))}
*,::before,::after{box-sizing:border-box}
[hidden]{display:none!important}
.panel{container:panel/inline-size;display:flex;flex-direction:column;width:100%;height:100%;overflow:hidden;border:1px solid var(--line);background:var(--page);color:var(--ink);
  font:12px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-variant-numeric:tabular-nums;text-align:start;-webkit-text-size-adjust:100%}
@media (max-width:700px){:host([open][docked]){height:var(--peerpool-inspector-height,64vh)}}
:host([docked]) .panel{position:fixed;z-index:2147483000;inset:auto 0 0 0;height:inherit;border-width:1px 0 0;
  padding-bottom:env(safe-area-inset-bottom);box-shadow:0 -6px 24px rgb(0 0 0/.12)}
@media (prefers-reduced-motion:no-preference){:host([docked]) .panel{animation:rise .14s ease-out}@keyframes rise{from{transform:translateY(12px);opacity:0}}}
.grip{position:absolute;z-index:2;inset:-4px 0 auto 0;height:9px;cursor:ns-resize;touch-action:none}
.grip::after{content:'';position:absolute;inset:4px calc(50% - 22px) auto;height:3px;border-radius:2px;background:var(--edge);opacity:.55}
h2,h3,ul,p,figure,dl,dd{margin:0;padding:0}
ul{list-style:none}
h3{font:inherit;font-weight:600}
button,input,select{font:inherit;color:inherit}
button{padding:2px 9px;min-height:24px;border:1px solid var(--line);border-radius:5px;background:var(--raised);cursor:pointer;white-space:nowrap}
button:hover{background:var(--sunk)}
button[aria-pressed=true]{border-color:var(--accent);background:var(--tint);color:var(--accent)}
input[type=search],select{min-height:24px;padding:1px 7px;border:1px solid var(--edge);border-radius:5px;background:var(--raised)}
input[type=checkbox]{accent-color:var(--accent);margin:0}
::placeholder{color:var(--soft);opacity:1}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.soft{color:var(--soft)}
header{display:flex;flex-wrap:wrap;align-items:center;gap:3px 14px;padding:7px 12px 6px;border-bottom:1px solid var(--line);background:var(--raised)}
header h2{display:flex;gap:7px;align-items:baseline;min-width:0;font:inherit;font-size:13px;font-weight:650;letter-spacing:-.01em}
header h2 .soft{font-weight:400;letter-spacing:0}
.own{overflow:hidden;max-width:16em;text-overflow:ellipsis;white-space:nowrap}
.sign::before{content:'';display:inline-block;width:7px;height:7px;margin-right:5px;border-radius:50%;background:var(--edge)}
.sign[data-sign=good]::before{background:var(--accent)}
.sign[data-sign=bad]::before{border-radius:1px;background:var(--bad)}
.totals{display:flex;flex-wrap:wrap;gap:2px 14px;margin-left:auto}
.totals div{display:flex;gap:5px}
.totals dt{color:var(--soft)}
.totals dd{font-weight:600}
.totals [data-alarm]{color:var(--fair)}
.buttons{display:flex;gap:6px}
.body{flex:1;display:grid;grid-template:minmax(0,1fr)/minmax(270px,22%) minmax(0,1fr);min-height:0}
.mesh{display:flex;flex-direction:column;min-height:0;border-right:1px solid var(--line)}
.mesh svg.graph{flex:1;width:100%;min-height:0;display:block}
.foot{display:flex;align-items:end;gap:8px;padding:3px 12px 7px;color:var(--soft);font-size:11px}
.legend{flex:1;display:flex;flex-wrap:wrap;gap:1px 12px}
.legend li,.share{display:flex;align-items:center;gap:5px}
.legend svg{width:22px;height:8px}
.share{cursor:pointer;white-space:nowrap}
.graph text{fill:var(--ink);font-size:11.5px;font-weight:600;text-anchor:middle;paint-order:stroke;stroke:var(--page);stroke-width:3.5px;stroke-linejoin:round}
.graph .under{fill:var(--soft);font-size:10.5px;font-weight:400}
.graph .node{cursor:pointer}
.graph .node circle{fill:var(--page);stroke:var(--edge);stroke-width:2}
.graph .node[data-quality=good] circle,.graph .node[data-quality=unmeasured] circle{fill:var(--accent);stroke:var(--accent)}
.graph .node[data-quality=fair] circle{fill:var(--fair);stroke:var(--fair)}
.graph .node[data-quality=poor] circle{fill:var(--bad);stroke:var(--bad)}
.graph .node[data-quality=connecting] circle{stroke:var(--fair)}
.graph .node[data-quality=unresponsive] circle{stroke:var(--bad)}
.graph .node[data-quality=none] circle{stroke-dasharray:2 3}
.graph .node[data-selected] circle{outline:2px solid var(--ink);outline-offset:2px;border-radius:50%}
.graph .self{fill:var(--ink)}
.line{fill:none;stroke:var(--edge);stroke-width:1.8;stroke-linecap:round}
.line[data-quality=good]{stroke:var(--accent)}
.line[data-quality=fair],.line[data-quality=connecting]{stroke:var(--fair)}
.line[data-quality=poor],.line[data-quality=unresponsive]{stroke:var(--bad)}
.line[data-quality=connecting],.line[data-quality=unresponsive]{stroke-width:2.6}
.line.far{stroke-width:1;opacity:.75}
.line.far[data-quality=good],.line.far[data-quality=unmeasured]{stroke:var(--edge);opacity:.4}
.relay{fill:var(--page);stroke:var(--ink);stroke-width:1.3}
.details{display:flex;flex-direction:column;min-width:0;min-height:0}
[role=tablist]{display:flex;gap:2px;padding:5px 12px 0;border-bottom:1px solid var(--line)}
[role=tab]{margin-bottom:-1px;padding:3px 10px 5px;border:0;border-bottom:2px solid transparent;border-radius:5px 5px 0 0;background:none;color:var(--soft)}
[role=tab][aria-selected=true]{border-bottom-color:var(--accent);color:var(--ink);font-weight:600}
[role=tab] .soft{font-weight:400}
[role=tabpanel]{flex:1;min-height:0;display:flex;flex-direction:column}
.scroll{flex:1;min-width:0;min-height:0;overflow:auto;overscroll-behavior:contain}
table{width:100%;border-collapse:separate;border-spacing:0;font:inherit;color:inherit;font-variant-numeric:inherit;line-height:inherit}
th,td{padding:3px 5px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap;vertical-align:middle}
th:first-child,td:first-child{padding-left:12px}
thead th{position:sticky;z-index:1;top:0;background:var(--page);color:var(--soft);font-weight:500;font-size:11px}
tbody th{font-weight:600}
.text{text-align:left}
.wide{width:100%;white-space:normal;overflow-wrap:anywhere}
tbody tr:hover>*{background:var(--sunk)}
tr[data-selected]>*{background:var(--tint)!important}
tr[data-state=left]{color:var(--soft)}
tr[data-state=left] th{font-weight:400}
td[data-nothing]{color:var(--edge)}
.peer{overflow:hidden;max-width:13em;min-height:20px;margin-left:-3px;padding:0 3px;border:0;background:none;font-weight:inherit;text-align:left;text-overflow:ellipsis}
.peer:hover{background:none;text-decoration:underline}
.peer[aria-pressed=true]{background:none;color:inherit}
.state::before{content:'';display:inline-block;width:7px;height:7px;margin-right:6px;border:1.5px solid var(--edge);border-radius:50%}
.state[data-quality=good]::before,.state[data-quality=unmeasured]::before{border-color:var(--accent);background:var(--accent)}
.state[data-quality=fair]::before{border-color:var(--fair);background:var(--fair)}
.state[data-quality=poor]::before{border-color:var(--bad);background:var(--bad)}
.state[data-quality=connecting]::before{border-color:var(--fair)}
.state[data-quality=unresponsive]::before{border-color:var(--bad);border-radius:1px}
.trend{display:inline-block;width:56px;height:15px;margin-right:5px;vertical-align:middle;overflow:visible}
.trend polyline{fill:none;stroke:var(--accent);stroke-width:1.2;stroke-linejoin:round}
.split{flex:1;display:grid;grid-template:minmax(0,1fr)/minmax(0,1fr) clamp(230px,27%,420px);min-height:0}
.plots{display:flex;flex-direction:column;gap:4px;min-height:0;padding:7px 12px 6px;border-left:1px solid var(--line);overflow:hidden}
.plots h3{display:flex;align-items:baseline;gap:8px;min-width:0}
.plots h3 span:first-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
figure{flex:1;display:flex;flex-direction:column;min-height:74px}
figcaption{display:flex;flex-wrap:wrap;gap:0 10px;color:var(--soft);font-size:11px}
figcaption b{color:var(--ink);font-weight:600}
figcaption i{display:inline-block;width:14px;margin-right:5px;vertical-align:middle;border-top:2px solid var(--accent)}
figcaption i.sent{border-color:var(--sent)}
figcaption i.received{border-color:var(--received);border-top-style:dashed}
.frame{flex:1;display:grid;grid-template:minmax(0,1fr) auto/54px minmax(0,1fr);gap:0 5px;min-height:0;color:var(--soft);font-size:10px;line-height:1.2}
.upright,.level{display:flex;justify-content:space-between}
.upright{flex-direction:column;text-align:right}
.level{grid-column:2}
.plot{position:relative;min-height:0;overflow:hidden}
.plot>*{position:absolute}
.uplot{width:min-content}
.u-wrap{position:relative;user-select:none}
.u-over,.u-under,.u-axis{position:absolute}
.u-under{overflow:hidden}
.u-select,.u-off{display:none}
.uplot canvas{position:relative;display:block;width:100%;height:100%}
.u-cursor-x,.u-cursor-y,.u-cursor-pt{position:absolute;left:0;top:0;pointer-events:none}
.u-cursor-x{height:100%;border-right:1px solid var(--edge)}
.u-cursor-y{display:none}
.u-cursor-pt{border-radius:50%;background-clip:padding-box!important}
.tools{display:flex;flex-wrap:wrap;align-items:center;gap:5px 8px;padding:6px 12px;border-bottom:1px solid var(--line)}
.tools label{display:inline-flex;align-items:center;gap:4px;cursor:pointer}
.tools input[type=search]{flex:1 1 130px;min-width:90px;max-width:260px}
.tools .count{margin-left:auto;color:var(--soft)}
.kinds{display:flex;flex-wrap:wrap;gap:2px 10px;margin:0;padding:0;border:0}
.tag{display:inline-block;min-width:46px;font-weight:600;color:var(--soft)}
.tag[data-kind=join],.tag[data-kind=restart]{color:var(--accent)}
.tag[data-kind=leave]{color:var(--fair)}
.tag[data-kind=error]{color:var(--bad)}
time,.mono{font-family:ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:11px}
.sort{min-height:18px;padding:0;border:0;background:none;color:inherit;font:inherit}
.sort:hover{background:none;color:var(--ink)}
[aria-sort]:not([aria-sort=none]) .sort{color:var(--ink);font-weight:600}
[aria-sort=descending] .sort::after{content:' ↓'}
[aria-sort=ascending] .sort::after{content:' ↑'}
.bar{display:inline-block;width:70px;height:7px;border-radius:2px;background:linear-gradient(90deg,var(--sent) var(--part),var(--received) 0);vertical-align:middle}
.bars{text-align:left}
.empty{padding:14px 12px;color:var(--soft)}
@container panel (max-width:1080px){
  .body{grid-template-columns:minmax(250px,30%) minmax(0,1fr)}
  .split{grid-template:minmax(0,1fr) 132px/minmax(0,1fr)}
  .plots{display:grid;grid-template:auto minmax(0,1fr)/1fr 1fr;gap:2px 14px;border-left:0;border-top:1px solid var(--line)}
  .plots h3{grid-column:1/-1}
}
@container panel (max-width:700px){
  .body{display:block;overflow:auto;overscroll-behavior:contain}
  .mesh{height:222px;border-right:0;border-bottom:1px solid var(--line)}
  .details{display:block}
  [role=tablist]{position:sticky;z-index:3;top:0;background:var(--page)}
  [role=tab],button,input[type=search],select{min-height:32px}
  [role=tabpanel],.split{display:block}
  .scroll{overflow:auto visible}
  .plots{display:flex;border-top:0}
  figure{min-height:120px}
  .frame{min-height:100px}
  .totals{margin-left:0;order:1;width:100%}
  .wordy{display:none}
  .buttons{margin-left:auto}
  .tools .count{margin-left:0}
}
@media (forced-colors:active){.sign::before,.state::before,.bar{forced-color-adjust:none}}`;
}
