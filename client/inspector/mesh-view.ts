import { element, setAttributes, setText, svg } from './element.ts';
import { millisecondsText } from './figures.ts';
import { bend, type Canvas, centre, type FarLink, type Point, places } from './mesh-graph.ts';
import { DASHES } from './palette.ts';
import { kindLabel, kindWord, type PeerFigures, stateWord } from './peer-figures.ts';
import { type Quality, QUALITY_WORDS } from './quality.ts';
import type { Director, Scene, View } from './scene.ts';

/** More have no room for a second line, and then none for names. */
const WITH_FIGURES = 16;
const WITH_NAMES = 40;
const RADIUS = 7;

const LEGEND: readonly Quality[] = ['good', 'fair', 'poor', 'connecting', 'unresponsive'];

/** The mesh as a picture; in words beside it, for who does not see it. */
export class MeshView implements View {
  readonly element: HTMLElement;
  readonly #director: Director;
  readonly #lines = svg('g');
  readonly #nodes = svg('g');
  readonly #own = svg('g');
  readonly #graph = svg('svg', { class: 'graph', role: 'img' }, this.#lines, this.#nodes, this.#own);
  readonly #words = element('ul', { class: 'hidden', 'aria-label': 'Links' });
  readonly #share = element('input', { type: 'checkbox' });
  readonly #drawn = new Map<string, Drawn>();
  readonly #far = new Map<string, SVGPathElement>();
  readonly #resizing: ResizeObserver;
  #canvas: Canvas = { width: 0, height: 0 };
  #scene: Scene | undefined;

  constructor(director: Director) {
    this.#director = director;
    this.#share.addEventListener('change', () => director.share(this.#share.checked));
    const items = LEGEND.map((quality) => {
      const line = svg('svg', { viewBox: '0 0 22 8', 'aria-hidden': 'true' }, svg('path', lineOf(quality, 'M1 4H21')));
      return element('li', {}, line, QUALITY_WORDS[quality]);
    });
    const title = 'Tells the other members to whom this pool is linked, and asks those that share too for their links.';
    const share = element('label', { class: 'share', title }, this.#share, 'Share links');
    const legend = element('ul', { class: 'legend', 'aria-label': 'Round trip, by line' }, ...items);
    const foot = element('div', { class: 'foot' }, legend, share);
    this.element = element('section', { class: 'mesh', 'aria-label': 'Mesh' }, this.#graph, this.#words, foot);
    this.#resizing = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const { width, height } = entry.contentRect;
      this.#canvas = { width: Math.round(width), height: Math.round(height) };
      setAttributes(this.#graph, { viewBox: `0 0 ${this.#canvas.width} ${this.#canvas.height}` });
      if (this.#scene !== undefined) this.render(this.#scene);
    });
    this.#resizing.observe(this.#graph);
  }

  render(scene: Scene): void {
    this.#scene = scene;
    this.#share.checked = scene.share;
    const peers = scene.observation.peers.filter(({ state }) => state !== 'left');
    this.#describe(scene.pool.name, peers, scene.observation.far);
    if (this.#canvas.width === 0 || this.#canvas.height === 0) return;
    const spots = places(peers.length, this.#canvas);
    const at = new Map(peers.map(({ name }, index) => [name, spots[index] ?? centre(this.#canvas)]));
    this.#drawSelf(scene.pool.name);
    for (const peer of peers) this.#draw(peer, at.get(peer.name) ?? centre(this.#canvas), peers.length, scene);
    for (const [name, drawn] of this.#drawn) {
      if (at.has(name)) continue;
      drawn.remove();
      this.#drawn.delete(name);
    }
    this.#drawFar(scene.observation.far, at);
  }

  end(): void {
    this.#resizing.disconnect();
  }

  #drawSelf(name: string): void {
    const { x, y } = centre(this.#canvas);
    if (this.#own.childNodes.length === 0) {
      this.#own.append(svg('circle', { class: 'self', r: String(RADIUS + 2) }), svg('text', { y: '25' }));
    }
    setAttributes(this.#own, { transform: `translate(${x} ${y})` });
    const [, label] = this.#own.children;
    if (label !== undefined) setText(label, `${shortened(name)} (this)`);
  }

  #draw(peer: PeerFigures, spot: Point, count: number, scene: Scene): void {
    let drawn = this.#drawn.get(peer.name);
    if (drawn === undefined) {
      drawn = new Drawn(peer.name, () => this.#director.choosePeer(peer.name));
      this.#drawn.set(peer.name, drawn);
      this.#lines.append(drawn.line);
      this.#nodes.append(drawn.relay, drawn.node);
    }
    const detail = count > WITH_NAMES ? 'none' : count > WITH_FIGURES ? 'name' : 'figures';
    drawn.update(peer, spot, centre(this.#canvas), detail, scene.choices.peer === peer.name);
  }

  #drawFar(links: readonly FarLink[], at: ReadonlyMap<string, Point>): void {
    const left = new Set(this.#far.keys());
    for (const { between, quality } of links) {
      const [from, to] = [at.get(between[0]), at.get(between[1])];
      if (from === undefined || to === undefined) continue;
      const key = JSON.stringify(between);
      left.delete(key);
      let path = this.#far.get(key);
      if (path === undefined) {
        path = svg('path');
        this.#far.set(key, path);
        this.#lines.prepend(path);
      }
      const over = bend(from, to, this.#canvas);
      const way = `M${point(from)}Q${point(over)} ${point(to)}`;
      setAttributes(path, { ...lineOf(quality, way), class: 'line far' });
    }
    for (const key of left) {
      this.#far.get(key)?.remove();
      this.#far.delete(key);
    }
  }

  #describe(self: string, peers: readonly PeerFigures[], far: readonly FarLink[]): void {
    const connected = peers.filter(({ state }) => state === 'connected').length;
    setAttributes(this.#graph, {
      'aria-label': `Mesh of ${self}: ${connected} of ${peers.length} peers connected. The list of links follows.`,
    });
    const near = peers.map((peer) => {
      const how = peer.state === 'connected' ? `, ${kindWord(peer.kind)}, ${millisecondsText(peer.roundTripTime)}` : '';
      return `${peer.name}: ${stateWord(peer)}${how}`;
    });
    const others = far.map(
      ({ between, kind, quality, roundTripTime }) =>
        `${between.join(' and ')}: ${
          roundTripTime === undefined ? QUALITY_WORDS[quality] : millisecondsText(roundTripTime)
        }, ${kindWord(kind)}`,
    );
    const lines = [...near, ...others];
    while (this.#words.children.length > lines.length) this.#words.lastElementChild?.remove();
    for (const [index, line] of lines.entries()) {
      const item = this.#words.children[index];
      if (item === undefined) this.#words.append(element('li', {}, line));
      else setText(item, line);
    }
  }
}

/** One peer, and the line to it. */
class Drawn {
  readonly line = svg('path');
  readonly relay = svg('path', { class: 'relay', d: 'M0-5L5 0L0 5L-5 0Z' });
  readonly #title = svg('title');
  readonly #name: SVGTextElement;
  readonly #under = svg('text', { class: 'under' });
  readonly node: SVGGElement;

  constructor(name: string, chosen: () => void) {
    this.#name = svg('text', {}, shortened(name));
    this.node = svg('g', { class: 'node' }, this.#title, svg('circle', { r: String(RADIUS) }), this.#name, this.#under);
    this.node.addEventListener('click', chosen);
  }

  update(peer: PeerFigures, spot: Point, middle: Point, detail: 'none' | 'name' | 'figures', selected: boolean): void {
    const { quality, state, kind, roundTripTime } = peer;
    setAttributes(this.line, { ...lineOf(quality, `M${point(middle)}L${point(spot)}`), class: 'line' });
    this.line.style.display = quality === 'none' ? 'none' : '';
    this.relay.style.display = kind === 'relay' ? '' : 'none';
    const half = { x: (spot.x + middle.x) / 2, y: (spot.y + middle.y) / 2 };
    setAttributes(this.relay, { transform: `translate(${point(half)})` });
    setAttributes(this.node, {
      transform: `translate(${point(spot)})`,
      'data-quality': quality,
      'data-selected': selected ? '' : undefined,
    });
    const above = spot.y < middle.y - 1;
    const figures = detail === 'figures';
    setAttributes(this.#name, { y: String(above ? (figures ? -26 : -13) : 21) });
    setAttributes(this.#under, { y: String(above ? -13 : 34) });
    this.#name.style.display = detail === 'none' ? 'none' : '';
    this.#under.style.display = figures ? '' : 'none';
    const said = state === 'connected' ? `${kindLabel(kind)} · ${millisecondsText(roundTripTime)}` : stateWord(peer);
    setText(this.#under, said);
    setText(this.#title, `${peer.name}: ${stateWord(peer)}, ${kindWord(kind)}, ${millisecondsText(roundTripTime)}`);
  }

  remove(): void {
    this.line.remove();
    this.relay.remove();
    this.node.remove();
  }
}

function lineOf(quality: Quality, way: string): Readonly<Record<string, string>> {
  return { class: 'line', d: way, 'data-quality': quality, 'stroke-dasharray': DASHES[quality] };
}

function point({ x, y }: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function shortened(name: string): string {
  const letters = Array.from(name);
  return letters.length > 13 ? `${letters.slice(0, 12).join('')}…` : name;
}
