//! From a figure to shapes: axes, letters and titles; marks are drawn by [`shapes`].

use super::figure::Figure;
use super::heat;
use super::layout::{LABEL_GAP, LINE_HEIGHT, Layout, Place, TICK_GAP, layout, x_labels_height};
use super::legend::{self, rectangle};
use super::mark::Mark;
use super::panel::Panel;
use super::scene::{Anchor, Point, Rect, Scene, Text};
use super::shapes;
use super::text;
use super::theme::{
    AXIS_WIDTH, GRID, GRID_WIDTH, GUIDE, INK, LABEL_SIZE, LETTER_SIZE, MARGIN, TICK, TICK_SIZE,
    TITLE_SIZE,
};

/// The figure as shapes.
pub(super) fn draw(figure: &Figure) -> Scene {
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

impl Place {
    /// Where a value of the x axis lies.
    pub fn across(&self, panel: &Panel, value: f64) -> Option<f64> {
        let share = self.x.position(value)?;
        let share = if panel.x.reversed { 1.0 - share } else { share };
        Some(self.plot.x + share * self.plot.width)
    }

    /// Where a value of the y axis lies.
    pub fn up(&self, panel: &Panel, value: f64) -> Option<f64> {
        let share = self.y.position(value)?;
        let share = if panel.y.reversed { share } else { 1.0 - share };
        Some(self.plot.y + share * self.plot.height)
    }

    pub fn point(&self, panel: &Panel, (x, y): (f64, f64)) -> Option<Point> {
        Some((self.across(panel, x)?, self.up(panel, y)?))
    }

    /// Whether a point lies within the plot, its edge included.
    pub fn holds(&self, (x, y): Point) -> bool {
        let plot = &self.plot;
        (plot.x - 0.5..=plot.right() + 0.5).contains(&x)
            && (plot.y - 0.5..=plot.bottom() + 0.5).contains(&y)
    }
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
    let is_heat = panel.cells().is_some();
    if !is_heat {
        for tick in &place.y_ticks {
            if let Some(y) = place.up(panel, tick.value).map(f64::round) {
                let ends = ((place.plot.x, y), (place.plot.right(), y));
                scene.segment(ends.0, ends.1, GRID, GRID_WIDTH);
            }
        }
    }
    // Axes cover the feet of bars and areas; lines and markers cover axes.
    for mark in &panel.marks {
        match mark {
            Mark::Band(band) => shapes::band(scene, panel, place, band),
            Mark::Bars(bars) => shapes::bars(scene, panel, place, bars),
            Mark::Heat(map) => heat::draw(scene, panel, place, map),
            Mark::Line(_) | Mark::Points(_) | Mark::Guide(_) | Mark::Agent(..) => {}
        }
    }
    draw_axes(scene, panel, place, is_heat);
    for mark in &panel.marks {
        match mark {
            Mark::Line(line) => shapes::line(scene, panel, place, line),
            Mark::Points(points) => shapes::points(scene, panel, place, points),
            Mark::Guide(guide) => shapes::guide(scene, panel, place, guide.at),
            Mark::Agent(x, y) => heat::draw_agent(scene, panel, place, (*x, *y)),
            Mark::Band(_) | Mark::Bars(_) | Mark::Heat(_) => {}
        }
    }
    draw_title(scene, place);
}

fn draw_axes(scene: &mut Scene, panel: &Panel, place: &Place, is_heat: bool) {
    let plot = place.plot;
    let (left, bottom) = (plot.x, plot.bottom());
    if !is_heat {
        let corner = [(left, plot.y), (left, bottom), (plot.right(), bottom)];
        scene.path(corner.to_vec(), INK, AXIS_WIDTH, 1.0);
    }
    for (tick, lines) in place.x_ticks.iter().zip(&place.x_labels) {
        let Some(x) = place.across(panel, tick.value) else {
            continue;
        };
        if !is_heat {
            let x = x.round();
            scene.segment((x, bottom), (x, bottom + TICK), INK, AXIS_WIDTH);
        }
        if !place.x_shown {
            continue;
        }
        let top = bottom + TICK + TICK_GAP;
        for (n, line) in lines.iter().enumerate() {
            let text = if place.x_upright {
                let at = (x + TICK_SIZE * text::CAP_HEIGHT / 2.0, top);
                Text {
                    upright: true,
                    ..label(at, line, TICK_SIZE, Anchor::End)
                }
            } else {
                let y = top + TICK_SIZE * (n as f64 * LINE_HEIGHT + text::CAP_HEIGHT);
                label((x, y), line, TICK_SIZE, Anchor::Middle)
            };
            scene.text(text);
        }
    }
    let mut widest = 0.0_f64;
    for tick in &place.y_ticks {
        let Some(y) = place.up(panel, tick.value) else {
            continue;
        };
        if !is_heat {
            scene.segment((left - TICK, y.round()), (left, y.round()), INK, AXIS_WIDTH);
        }
        if place.y_shown {
            widest = widest.max(text::width(&tick.label, TICK_SIZE, false));
            let at = (
                left - TICK - TICK_GAP,
                y + TICK_SIZE * text::CAP_HEIGHT / 2.0,
            );
            scene.text(label(at, &tick.label, TICK_SIZE, Anchor::End));
        }
    }
    if place.x_shown {
        let below = TICK + TICK_GAP + x_labels_height(place) + LABEL_GAP - 2.0;
        let at = (
            plot.x + plot.width / 2.0,
            bottom + below + LABEL_SIZE * text::CAP_HEIGHT,
        );
        scene.text(label(at, &panel.x.label, LABEL_SIZE, Anchor::Middle));
    }
    if place.y_shown {
        // From the outer ends of the tick labels; descenders point to the panel.
        let at = (
            left - TICK - TICK_GAP - widest - LABEL_GAP - LABEL_SIZE * 0.1,
            plot.y + plot.height / 2.0,
        );
        scene.text(Text {
            upright: true,
            ..label(at, &panel.y.label, LABEL_SIZE, Anchor::Middle)
        });
    }
}

fn draw_title(scene: &mut Scene, place: &Place) {
    let lines = place.title.len().max(1);
    let baseline = |n: usize| {
        let above = (lines - n - 1) as f64 * TITLE_SIZE * LINE_HEIGHT;
        place.plot.y - 9.0 - above
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

/// The frame of a heat map.
pub(super) fn frame(scene: &mut Scene, plot: &Rect) {
    let mut around = rectangle(plot);
    around.push((plot.x, plot.y));
    scene.path(around, GUIDE, AXIS_WIDTH, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::scene::Shape;
    use crate::figures::{
        Axis, Bars, ColorMap, Guide, GuideAt, HeatMap, Line, Numbers, Share, Style,
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
        let scene = draw(figure);
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
        let scene = draw(&figure);
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
        let scene = draw(&figure);
        let grey = |shape: &&Shape| matches!(shape, Shape::Rect { color, .. } if *color == crate::figures::palette::MISSING);
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

    #[test]
    fn an_empty_figure_is_drawn() {
        let mut figure = Figure::new("f", "F");
        assert!(draw(&figure).height > 0.0);
        figure
            .panels
            .push(Panel::new("", Axis::log("x"), Axis::linear("")));
        assert_tidy(&figure);
    }
}
