//! From a figure to shapes: what covers what, letters and titles. [`axes`] draws axes, and each
//! mark draws itself.

use super::figure::Figure;
use super::layout::{LINE_HEIGHT, Layout, layout};
use super::legend;
use super::marks::{Layer, Mark};
use super::panel::Panel;
use super::place::Place;
use super::scene::{Anchor, Point, Scene, Text};
use super::theme::{INK, LETTER_SIZE, MARGIN, TITLE_SIZE};
use super::{axes, names};

/// The figure as shapes.
pub(super) fn compose(figure: &Figure) -> Scene {
    let Layout { places, height } = layout(figure);
    let mut scene = Scene {
        width: figure.width,
        ..Scene::default()
    };
    for (panel, place) in figure.panels.iter().zip(&places) {
        draw_panel(&mut scene, panel, place);
    }
    let legend = legend::draw(&mut scene, figure, height);
    scene.height = (height + legend + MARGIN).ceil();
    scene
}

/// A line of text in the colour of axes.
pub(super) fn label(at: Point, text: &str, size: f64, anchor: Anchor) -> Text {
    Text {
        at,
        text: text.to_owned(),
        size,
        bold: false,
        color: INK,
        anchor,
        upright: false,
    }
}

fn draw_panel(scene: &mut Scene, panel: &Panel, place: &Place) {
    let is_grid = panel.cells().is_some();
    if !is_grid {
        axes::grid(scene, panel, place);
    }
    let layer = |scene: &mut Scene, layer: Layer| {
        let marks = panel.marks.iter().map(Mark::drawn);
        for mark in marks.filter(|mark| mark.layer() == layer) {
            mark.draw(scene, panel, place);
        }
    };
    layer(scene, Layer::BelowAxes);
    axes::draw(scene, panel, place, is_grid);
    layer(scene, Layer::AboveAxes);
    layer(scene, Layer::Words);
    // Names come last, as they keep clear of all the rest.
    names::draw(scene, panel, place);
    draw_title(scene, place);
}

fn draw_title(scene: &mut Scene, place: &Place) {
    let lines = place.title.len().max(1);
    let baseline = |n: usize| {
        let above = (lines - n - 1) as f64 * TITLE_SIZE * LINE_HEIGHT;
        place.plot.y - place.head - 9.0 - above
    };
    if let Some(letter) = &place.letter {
        scene.text(Text {
            bold: true,
            ..label(
                (place.letter_x, baseline(0)),
                letter,
                LETTER_SIZE,
                Anchor::Start,
            )
        });
    }
    for (n, line) in place.title.iter().enumerate() {
        scene.text(Text {
            bold: true,
            ..label(
                (place.title_x, baseline(n)),
                line,
                TITLE_SIZE,
                Anchor::Start,
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::scene::{Rect, Shape};
    use crate::draw::text;
    use crate::draw::{
        Axis, Bars, ColorMap, Guide, GuideAt, HeatMap, Line, Numbers, Share, Sketch, Style, Words,
    };

    fn texts(scene: &Scene) -> Vec<&Text> {
        let texts = scene.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    /// Left and right end, or lower and upper one of a text that reads upwards.
    fn span(text: &Text) -> (f64, f64) {
        let width = text::width(&text.text, text.size, text.bold);
        let at = if text.upright { -text.at.1 } else { text.at.0 };
        match text.anchor {
            Anchor::Start => (at, at + width),
            Anchor::Middle => (at - width / 2.0, at + width / 2.0),
            Anchor::End => (at - width, at),
        }
    }

    /// No text leaves the picture, and none on one line touches its neighbour.
    fn assert_tidy(figure: &Figure) {
        let scene = compose(figure);
        let all = texts(&scene);
        for text in &all {
            let (low, high) = span(text);
            let (from, to) = if text.upright {
                (-scene.height, 0.0)
            } else {
                (0.0, scene.width)
            };
            assert!(low >= from && high <= to, "{text:?} leaves {from} to {to}");
            let across = if text.upright { text.at.0 } else { text.at.1 };
            assert!(across > text.size * 0.7, "{text:?}");
        }
        for (n, a) in all.iter().enumerate() {
            for b in &all[..n] {
                let level = |t: &Text| if t.upright { t.at.0 } else { t.at.1 };
                let near = (level(a) - level(b)).abs() < 0.7 * a.size.min(b.size);
                if a.upright == b.upright && near {
                    let ((l1, h1), (l2, h2)) = (span(a), span(b));
                    assert!(h1 <= l2 || h2 <= l1, "{:?} over {:?}", a.text, b.text);
                }
            }
        }
    }

    fn lines(title: &str, high: f64) -> Panel {
        let mut panel = Panel::new(title, Axis::linear("optimiser step"), Axis::linear("loss"));
        for n in 0..5 {
            let points = vec![
                (0.0, 0.0),
                (high / 2.0, f64::NAN),
                (high, high * f64::from(n)),
            ];
            let line = Line::new(
                format!("a series of name {n}"),
                points,
                Style::nth(n as usize),
            );
            panel.push(Mark::Line(line.with_markers()));
        }
        panel.push(Mark::Guide(Guide::new("chance", GuideAt::Y(high / 3.0))));
        panel
    }

    #[test]
    fn labels_fit_whatever_the_numbers() {
        for high in [1e-9, 0.003, 1.0, 777.0, 12_345.0, 9.9e6, 3e12] {
            for columns in 1..=4 {
                let mut figure = Figure::new("f", "F");
                figure.columns = columns;
                figure.share_y = if columns == 2 {
                    Share::InLine
                } else {
                    Share::Own
                };
                figure.share_x = if columns == 3 { Share::All } else { Share::Own };
                for n in 0..5 {
                    let title = format!("A title of several words, panel {n}");
                    figure.panels.push(lines(&title, high));
                }
                assert_tidy(&figure);
            }
        }
    }

    #[test]
    fn long_names_turn_upright() {
        let names = (0..12).map(|n| format!("demonstrator_number_{n}"));
        let mut panel = Panel::new("t", Axis::categories("who", names), Axis::from_zero("n"));
        let values: Vec<(f64, f64)> = (0..12).map(|n| (f64::from(n), 2.0)).collect();
        let color = Style::nth(0).color;
        panel.push(Mark::Bars(Bars::new("bars", &values, color)));
        let mut figure = Figure::new("f", "F");
        figure.panels.push(panel);
        assert_tidy(&figure);
        let scene = compose(&figure);
        assert!(
            texts(&scene)
                .iter()
                .any(|t| t.upright && t.text.ends_with("_11"))
        );
    }

    #[test]
    fn missing_cells_are_grey_and_explained() {
        let axis = || Axis::categories("", ["p", "q"]);
        let mut panel = Panel::new("t", axis(), axis());
        panel.push(Mark::Heat(HeatMap {
            series: "h".to_owned(),
            rows: vec![vec![Some(0.0), None], vec![Some(10.0), Some(1000.0)]],
            map: ColorMap::log_over([10.0, 1000.0]),
            bar: Some("frames".to_owned()),
            numbers: Some(Numbers::Compact),
        }));
        let mut figure = Figure::new("f", "F");
        figure.width = 300.0;
        figure.panels.push(panel);
        assert_tidy(&figure);
        let scene = compose(&figure);
        let grey = |shape: &&Shape| matches!(shape, Shape::Rect { color, .. } if *color == crate::draw::palette::MISSING);
        assert_eq!(
            scene.shapes.iter().filter(grey).count(),
            2,
            "cell and swatch"
        );
        let words: Vec<&str> = texts(&scene).iter().map(|t| t.text.as_str()).collect();
        assert!(
            words.contains(&"missing") && words.contains(&"frames"),
            "{words:?}"
        );
    }

    /// A heat map of many cells, both axes as given.
    fn many(axis: &Axis, side: usize) -> Figure {
        let mut panel = Panel::new("t", axis.clone(), axis.clone().reversed());
        panel.push(Mark::Heat(HeatMap {
            series: "h".to_owned(),
            rows: vec![vec![Some(0.5); side]; side],
            map: ColorMap::Signed { limit: 1.0 },
            bar: None,
            numbers: None,
        }));
        let mut figure = Figure::new("f", "F");
        figure.width = 360.0;
        figure.panels.push(panel);
        figure
    }

    #[test]
    fn small_cells_touch_and_their_names_are_thinned() {
        let names = (0..98).map(|n| format!("red, ({},{})", n / 7, n % 7));
        let axis = Axis::categories("to", names.collect::<Vec<_>>());
        let figure = many(&axis, 98);
        assert_tidy(&figure);
        let scene = compose(&figure);
        let written = texts(&scene);
        let named = written.iter().filter(|t| t.text.starts_with("red"));
        assert!((20..98).contains(&named.count()));
        let cells: Vec<Rect> = (scene.shapes.iter())
            .filter_map(|shape| match shape {
                Shape::Rect { rect, .. } => Some(*rect),
                _ => None,
            })
            .collect();
        assert_eq!(cells.len(), 98 * 98);
        assert!(cells[0].right() > cells[1].x && cells[0].bottom() > cells[98].y);

        let groups = axis.every(0).group("red", 0, 48).group("blue", 49, 97);
        let figure = many(&groups, 98);
        assert_tidy(&figure);
        let scene = compose(&figure);
        let words: Vec<&str> = texts(&scene).iter().map(|t| t.text.as_str()).collect();
        assert_eq!(words, ["red", "blue", "to", "red", "blue", "to", "t"]);
    }

    #[test]
    fn each_seventh_name_stays_each_seventh() {
        let axis = Axis::categories("", (0..49).map(|n| n.to_string())).every(7);
        let scene = compose(&many(&axis, 49));
        let words: Vec<String> = texts(&scene).iter().map(|t| t.text.clone()).collect();
        let sevenths = ["0", "7", "14", "21", "28", "35", "42"];
        assert_eq!(words[..14], [sevenths, sevenths].concat());
    }

    #[test]
    fn diagrams_have_no_axes() {
        let mut sketch = Sketch::new("d", (400.0, 100.0));
        sketch.push(Words::new((200.0, 50.0), "alone"));
        let mut figure = Figure::new("f", "F");
        figure.panels.push(Panel::of_sketch("", sketch));
        assert_tidy(&figure);
        let scene = compose(&figure);
        assert_eq!(scene.shapes.len(), 1, "{:?}", scene.shapes);
        // As wide as the page within its margins, and as high as its shape wants.
        let expected = (figure.width - 2.0 * MARGIN) / 4.0;
        assert!((scene.height - expected - 2.0 * MARGIN).abs() < 8.0);
    }

    #[test]
    fn an_empty_figure_is_drawn() {
        let mut figure = Figure::new("f", "F");
        assert!(compose(&figure).height > 0.0);
        figure
            .panels
            .push(Panel::new("", Axis::log("x"), Axis::linear("")));
        assert_tidy(&figure);
    }
}
