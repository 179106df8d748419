//! Diagrams of the post's ideas, with its world's own observations.

use dt_env::Configuration;

use super::moments::{CORRIDOR, Edit, after, walk};
use crate::draw::palette::{BLUE, GREEN, ORANGE, VERMILION};
use crate::draw::theme::{ADDED, GUIDE, INK, PAPER, TICK_SIZE};
use crate::draw::{
    Anchor, Block, Bracket, Color, Figure, Link, Panel, Part, Sketch, Spot, View, Words,
};

/// Width of a figure's panel where it spans the page.
const WIDTH: f64 = 704.0;

/// What every caption ends with.
const SCHEMATIC: &str = "A diagram: nothing in it is measured.";

fn figure(name: &str, title: &str, sketch: Sketch) -> Figure {
    let mut figure = Figure::new(name, title);
    figure.panels.push(Panel::of_sketch("", sketch));
    figure
}

fn small(at: (f64, f64), text: &str) -> Words {
    Words::new(at, text).sized(TICK_SIZE)
}

/// Fig. 2: tokens of five timesteps, the transformer, and the actions that it predicts.
pub fn tokens() -> Figure {
    let configuration = Configuration::ALL[0];
    let frames = walk(configuration, &CORRIDOR);
    let mut sketch = Sketch::new("tokens", (WIDTH, 310.0));
    let slot = WIDTH / frames.len() as f64;
    let size = (36.0, 26.0);
    // From the top: actions, the transformer, tokens, their contents, timesteps.
    let (actions, transformer, row, contents, picture) = (0.0, 56.0, 128.0, 167.0, 184.0);
    for (t, frame) in frames.iter().enumerate() {
        let middle = slot * (t as f64 + 0.5);
        let token = |place: f64| middle + place * 43.0;
        let last = t + 1 == frames.len();
        let mut put = |name: &str, place: f64, color: Color| {
            let corner = (token(place) - size.0 / 2.0, row);
            sketch.push(Block::new(corner, size, name).tinted(color).bold());
            let up = [(token(place), row), (token(place), transformer + 36.0)];
            sketch.push(Link::arrow(up).colored(color));
        };
        let digit = ["₀", "₁", "₂", "₃", "₄"][t];
        put(&format!("R{digit}"), -1.0, ORANGE);
        put(&format!("S{digit}"), 0.0, BLUE);
        if !last {
            put(&format!("A{digit}"), 1.0, GREEN);
            sketch.push(small((token(1.0), contents), "forward"));
        }
        sketch.push(small((token(-1.0), contents), "0.892"));
        let side = 96.0;
        let below = [(middle, picture), (middle, row + size.1)];
        sketch.push(Link::line(below).colored(BLUE));
        let view = View::new(format!("frame {t}"), frame.clone());
        let corner = (middle - side / 2.0, picture);
        sketch.parts.push(Part::View(view, corner, side));
        let ends = [middle - 64.0, middle + 64.0].map(|x| (x, picture + side + 14.0));
        sketch.push(Bracket::new(
            ends[0],
            ends[1],
            -6.0,
            format!("timestep {t}"),
        ));
        let up = [(middle, transformer), (middle, actions + 28.0)];
        sketch.push(Link::arrow(up).colored(BLUE));
        let (words, wide, color) = if last {
            ("left or right?", 92.0, VERMILION)
        } else {
            ("forward", 64.0, GREEN)
        };
        let block = Block::new((middle - wide / 2.0, actions), (wide, 26.0), words);
        let block = block.tinted(color);
        sketch.push(if last { block.bold() } else { block });
    }
    let block = Block::new(
        (2.0, transformer),
        (WIDTH - 4.0, 34.0),
        "causal transformer",
    );
    sketch.push(block.bold());
    let mut figure = figure(
        "fig-02-tokens",
        "What the transformer reads and predicts",
        sketch,
    );
    figure.caption = format!(
        "A trajectory as the decision transformer reads it: for each timestep the return-to-go \
         (R), the observation (S) and the action (A). Above each observation it predicts the next \
         action; at the corridor's end it has to remember the instruction, which only the first \
         frames show. Observations are those of the variant {configuration} on its way down the \
         corridor. {SCHEMATIC}"
    );
    figure
}

/// Fig. 4: from a concept to a token.
pub fn concepts() -> Figure {
    let configuration = Configuration::ALL[0];
    let mut sketch = Sketch::new("concepts", (WIDTH, 306.0));
    let head = |sketch: &mut Sketch, x: f64, name: &str, words: &str| {
        sketch.push(Words::new((x, 8.0), name).bold());
        sketch.push(small((x, 26.0), words).colored(GUIDE));
    };
    let (concept, feature, items, token) = (74.0, 236.0, 422.0, 630.0);
    head(
        &mut sketch,
        concept,
        "Concept",
        "something true of the world",
    );
    head(
        &mut sketch,
        feature,
        "Feature",
        "a direction in the residual stream",
    );
    head(
        &mut sketch,
        items,
        "Vocabulary items",
        "object or colour at a cell",
    );
    head(&mut sketch, token, "Token", "an observation, embedded");

    let block = Block::new((4.0, 130.0), (140.0, 48.0), "the instruction\nis a key");
    sketch.push(block.bold());
    sketch.push(Link::arrow([(144.0, 154.0), (174.0, 154.0)]));
    compass(&mut sketch, feature);

    // What each item carries of the feature, and whether the observation has it.
    let rows = [
        ("key at (2,6)", 1, true),
        ("key at (0,5)", 1, false),
        ("key at (4,2)", 1, false),
        ("ball at (2,6)", -1, false),
        ("ball at (0,5)", -1, false),
        ("ball at (5,2)", 0, true),
        ("wall at (3,1)", 0, true),
    ];
    let (left, wide, high, step) = (items - 54.0, 108.0, 22.0, 30.0);
    let top = 52.0;
    for (n, (name, part, present)) in rows.into_iter().enumerate() {
        let y = top + step * n as f64;
        let middle = y + high / 2.0;
        let color = [ORANGE, GUIDE, BLUE][(part + 1) as usize];
        if part != 0 {
            let from = (300.0, 154.0 + (middle - 154.0) * 0.18);
            let link = Link::line([from, (left, middle)]).colored(color);
            sketch.push(if part > 0 {
                link.wide(1.6)
            } else {
                link.dashed()
            });
        }
        let block = Block::new((left, y), (wide, high), name).tinted(color);
        sketch.push(if present {
            block.bold()
        } else {
            block.dashed()
        });
        if present {
            let from = (left + wide, middle);
            let to = (token - 66.0, 116.0 + (middle - 116.0) * 0.2);
            sketch.push(Link::arrow([from, to]));
        }
    }
    let below = top + step * rows.len() as f64 + 6.0;
    sketch.push(Words::new((items, below), "…").bold());

    let view = View::new("start", after(configuration, &[]))
        .with(Spot::framed((2, 6), BLUE))
        .with(Spot::framed((5, 2), GUIDE))
        .with(Spot::framed((3, 1), GUIDE));
    let side = 124.0;
    let corner = (token - side / 2.0, 54.0);
    sketch.parts.push(Part::View(view, corner, side));
    sketch.push(Link::arrow([(token, 54.0 + side), (token, 206.0)]));
    let block = Block::new(
        (token - 70.0, 206.0),
        (140.0, 46.0),
        "O = Σ e(item)\nover the items shown",
    );
    sketch.push(block.tinted(VERMILION).bold());
    legend(&mut sketch, 298.0);
    let mut figure = figure("fig-04-concepts", "From a concept to a token", sketch);
    figure.caption = format!(
        "How a concept may be represented: a feature is a direction in the residual stream; each \
         vocabulary item, an object or a colour at a cell, has an embedding e that may carry a \
         part of the feature, for it (blue), against it (orange) or none (grey); the token of an \
         observation, here the start of {configuration}, is the sum of the embeddings of the \
         items that it shows (solid boxes; three of them framed). Which items carry which part \
         is for measurement to say. {SCHEMATIC}"
    );
    figure
}

/// Two opposite directions of one axis, around `x`.
fn compass(sketch: &mut Sketch, x: f64) {
    let (y, reach) = (154.0, (44.0, 34.0));
    let block = Block::new((x - 62.0, y - 62.0), (126.0, 124.0), "");
    sketch.push(block);
    let way = |sign: f64| [(x, y), (x + sign * reach.0, y - sign * reach.1)];
    sketch.push(Link::arrow(way(1.0)).colored(BLUE).wide(2.2));
    sketch.push(Link::arrow(way(-1.0)).colored(ORANGE).wide(1.4).dashed());
    sketch.push(Words::new((x + 36.0, y - 46.0), "key").bold().colored(BLUE));
    let ball = Words::new((x - 34.0, y + 46.0), "ball").bold();
    sketch.push(ball.colored(ORANGE.mix(INK, 0.3)));
}

/// What lines and boxes stand for.
fn legend(sketch: &mut Sketch, y: f64) {
    let swatch = |x: f64| [(x, y), (x + 24.0, y)];
    let words = |x: f64, text: &str| small((x + 30.0, y), text).anchored(Anchor::Start);
    sketch.push(Link::line(swatch(60.0)).colored(BLUE).wide(1.6));
    sketch.push(words(60.0, "carries a part for it"));
    sketch.push(Link::line(swatch(206.0)).colored(ORANGE).dashed());
    sketch.push(words(206.0, "carries a part against it"));
    sketch.push(Block::new((376.0, y - 5.0), (24.0, 10.0), ""));
    sketch.push(words(376.0, "shown by the observation"));
    sketch.push(Block::new((548.0, y - 5.0), (24.0, 10.0), "").dashed());
    sketch.push(words(548.0, "not shown"));
}

/// Fig. 14: an adversary made of two complements.
pub fn adversary() -> Figure {
    let configuration = Configuration::ALL[0];
    let mut sketch = Sketch::new("adversary", (WIDTH, 274.0));
    let [original, _, _, both, _] = Edit::all();
    let views = [
        (0.0, "with two complements", &both),
        (WIDTH - 150.0, "original", &original),
    ];
    for (x, words, edit) in views {
        let view = View::new(edit.name, edit.of(configuration));
        let spots = edit.cells.iter().map(|&cell| Spot::added(cell));
        let view = spots.fold(view, View::with);
        sketch.push(Words::new((x + 75.0, 34.0), words).bold());
        sketch.parts.push(Part::View(view, (x, 46.0), 150.0));
    }
    // The plane: along it the instruction direction, across it all the others.
    let (left, right, top, bottom) = (186.0, WIDTH - 186.0, 2.0, 234.0);
    let middle = f64::midpoint(left, right);
    let side = |corner: f64, color: Color| Block {
        fill: color.mix(PAPER, 0.9),
        line: color.mix(PAPER, 0.9),
        ..Block::new((corner, top), (middle - left, bottom - top), "")
    };
    sketch.push(side(left, ORANGE));
    sketch.push(side(middle, BLUE));
    sketch.push(
        Link::line([(middle, top), (middle, bottom)])
            .colored(GUIDE)
            .dashed(),
    );
    let ball = Words::new((left + 12.0, top + 14.0), "read as a ball").anchored(Anchor::Start);
    sketch.push(ball.colored(ORANGE.mix(INK, 0.4)).bold());
    let key = Words::new((right - 12.0, top + 14.0), "read as a key").anchored(Anchor::End);
    sketch.push(key.colored(BLUE).bold());
    let axis = bottom + 18.0;
    sketch.push(Link::arrow([(left, axis), (right, axis)]));
    sketch.push(small(
        (middle, axis + 16.0),
        "along the instruction direction",
    ));

    let origin = (middle, bottom - 22.0);
    let at = |x: f64, y: f64| (origin.0 + x, origin.1 - y);
    let (v, first, second) = (at(126.0, 66.0), at(18.0, 138.0), at(-104.0, 112.0));
    sketch.push(Link::arrow([origin, v]).colored(BLUE).wide(2.0));
    sketch.push(Words::new(at(84.0, 26.0), "v").bold().colored(BLUE));
    sketch.push(Link::arrow([v, first]).colored(ADDED).wide(1.6));
    let words = |at, text: &str, anchor| small(at, text).colored(ADDED).anchored(anchor);
    sketch.push(words(at(76.0, 118.0), "+ e(ball at (0,5))", Anchor::Start));
    sketch.push(Link::arrow([first, second]).colored(ADDED).wide(1.6));
    sketch.push(words(at(-36.0, 146.0), "+ e(ball at (4,2))", Anchor::End));
    sketch.push(
        Link::arrow([origin, second])
            .colored(VERMILION)
            .wide(2.0)
            .dashed(),
    );
    let sum = Words::new(at(-76.0, 56.0), "v + two\ncomplements").anchored(Anchor::End);
    sketch.push(sum.bold().colored(VERMILION));
    let dot = Block {
        fill: INK,
        ..Block::new((origin.0 - 2.5, origin.1 - 2.5), (5.0, 5.0), "")
    };
    sketch.push(dot);
    let mut figure = figure(
        "fig-14-adversary",
        "An adversary made of added items",
        sketch,
    );
    figure.caption = format!(
        "The idea of the adversary: v, the token of the start observation of {configuration} \
         (right), lies on the key's side of the instruction direction. Each of two complements, \
         balls added at (0,5) and (4,2) while the key stays (left, red), adds its embedding e; \
         together they take the sum to the ball's side. Other directions stand for all that is \
         not along it. {SCHEMATIC}"
    );
    figure
}
