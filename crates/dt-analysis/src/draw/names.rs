//! Names beside points, kept clear of each other and of what is drawn.

use super::palette::Color;
use super::panel::Panel;
use super::pen::{self, Look};
use super::place::Place;
use super::scene::{Anchor, Point, Rect, Scene};
use super::text;
use super::theme::{GUIDE, TICK_SIZE};

/// Distances of a name from its point, in the order of preference.
const DISTANCES: [f64; 5] = [4.0, 9.0, 16.0, 26.0, 40.0];
/// Directions of a name from its point.
const DIRECTIONS: usize = 16;
/// Times that every name is moved to its best place given the others.
const SWEEPS: usize = 8;

/// The names of a panel's points.
pub(super) fn draw(scene: &mut Scene, panel: &Panel, place: &Place) {
    // A little within, so that paper behind a name covers no axis.
    let mut crowd = Crowd::new(place.plot.grown(-4.0));
    for mark in &panel.marks {
        mark.drawn().crowd(panel, place, &mut crowd);
    }
    let areas = crowd.arrange(&crowd.names);
    for (name, area) in crowd.names.iter().zip(&areas) {
        let near = pen::exit(area, name.at);
        let distance = (near.0 - name.at.0).hypot(near.1 - name.at.1);
        if distance > name.reach + 8.0 {
            scene.segment(name.at, near, GUIDE, 0.7);
        }
    }
    for (name, area) in crowd.names.iter().zip(&areas) {
        pen::halo(scene, area);
        let look = Look {
            color: name.color,
            anchor: Anchor::Middle,
            ..Look::plain(TICK_SIZE)
        };
        pen::words(scene, area.middle(), name.text, look);
    }
}

/// A name to be placed.
pub(super) struct Name<'a> {
    pub text: &'a str,
    pub at: Point,
    /// Half the size of its point.
    pub reach: f64,
    /// The direction that its arrow has.
    pub away: Option<Point>,
    pub color: Color,
}

/// Names, and what they keep clear of.
pub(super) struct Crowd<'a> {
    plot: Rect,
    pub names: Vec<Name<'a>>,
    /// Points, with half their size.
    pub points: Vec<(Point, f64)>,
    pub lines: Vec<(Point, Point)>,
    /// Words that have their place.
    pub taken: Vec<Rect>,
}

impl Crowd<'_> {
    fn new(plot: Rect) -> Self {
        Self {
            plot,
            names: Vec::new(),
            points: Vec::new(),
            lines: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// Where each name goes. Names take turns in moving to the place that costs least; the same
    /// names always end alike.
    fn arrange(&self, names: &[Name<'_>]) -> Vec<Rect> {
        let choices: Vec<Vec<(Rect, f64)>> = names.iter().map(|name| self.choices(name)).collect();
        let mut areas: Vec<Option<Rect>> = vec![None; names.len()];
        for _ in 0..SWEEPS {
            let before = areas.clone();
            for (n, choices) in choices.iter().enumerate() {
                let others: Vec<Rect> = (areas.iter().enumerate())
                    .filter_map(|(m, area)| area.filter(|_| m != n))
                    .collect();
                let cost = |(area, own): &(Rect, f64)| {
                    own + others
                        .iter()
                        .map(|other| 6.0 * overlap(area, other))
                        .sum::<f64>()
                };
                let best = choices.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
                areas[n] = best.map(|(area, _)| *area);
            }
            if areas == before {
                break;
            }
        }
        areas.into_iter().flatten().collect()
    }

    /// Possible places of a name, with what each costs whatever the other names do.
    fn choices(&self, name: &Name<'_>) -> Vec<(Rect, f64)> {
        let width = text::width(name.text, TICK_SIZE, false);
        let height = TICK_SIZE;
        let mut choices = Vec::new();
        for (rank, distance) in DISTANCES.into_iter().enumerate() {
            for n in 0..DIRECTIONS {
                let angle = std::f64::consts::TAU * n as f64 / DIRECTIONS as f64;
                let (dx, dy) = (angle.cos(), -angle.sin());
                let gap = name.reach + distance;
                let middle = (
                    name.at.0 + dx * (width / 2.0 + gap),
                    name.at.1 + dy * (height / 2.0 + gap),
                );
                let area = Rect {
                    x: middle.0 - width / 2.0,
                    y: middle.1 - height / 2.0,
                    width,
                    height,
                };
                // To the right if nothing speaks against it, or on in the arrow's direction.
                let (wx, wy) = name.away.unwrap_or((1.0, 0.0));
                let length = wx.hypot(wy).max(1e-9);
                let turn = 1.0 - (dx * wx + dy * wy) / length;
                let own = 14.0 * rank as f64 + 6.0 * turn + self.cost(&area, name);
                choices.push((area, own));
            }
        }
        choices
    }

    fn cost(&self, area: &Rect, name: &Name<'_>) -> f64 {
        let outside = [
            self.plot.x - area.x,
            area.right() - self.plot.right(),
            self.plot.y - area.y,
            area.bottom() - self.plot.bottom(),
        ];
        let outside: f64 = outside.into_iter().map(|v| v.max(0.0)).sum();
        let words: f64 = self.taken.iter().map(|t| 6.0 * overlap(area, t)).sum();
        let points = self.points.iter().filter(|(at, size)| {
            let wide = area.grown(size + 1.0);
            inside(&wide, *at) && *at != name.at
        });
        let lines: f64 = (self.lines.iter())
            .flat_map(|&(from, to)| super::scene::clip(&[from, to], area))
            .map(|part| (part[1].0 - part[0].0).hypot(part[1].1 - part[0].1))
            .sum();
        200.0 * outside + words + 40.0 * points.count() as f64 + 2.0 * lines
    }
}

fn inside(rect: &Rect, (x, y): Point) -> bool {
    (rect.x..=rect.right()).contains(&x) && (rect.y..=rect.bottom()).contains(&y)
}

/// Area that two rectangles share, with a little air around them.
fn overlap(a: &Rect, b: &Rect) -> f64 {
    let (a, b) = (a.grown(1.0), b.grown(1.0));
    let width = a.right().min(b.right()) - a.x.max(b.x);
    let height = a.bottom().min(b.bottom()) - a.y.max(b.y);
    width.max(0.0) * height.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::palette::BLUE;

    const PLOT: Rect = Rect {
        x: 0.0,
        y: 0.0,
        width: 300.0,
        height: 200.0,
    };

    fn names(places: &[Point]) -> Vec<Name<'static>> {
        let name = |&at: &Point| Name {
            text: "red, (2,6)",
            at,
            reach: 3.0,
            away: None,
            color: BLUE,
        };
        places.iter().map(name).collect()
    }

    fn crowd(places: &[Point]) -> Crowd<'static> {
        let mut crowd = Crowd::new(PLOT);
        crowd.points = places.iter().map(|&at| (at, 3.0)).collect();
        crowd
    }

    #[test]
    fn names_of_a_cluster_keep_clear() {
        let places: Vec<Point> = (0..9)
            .map(|n| {
                (
                    140.0 + f64::from(n % 3) * 9.0,
                    90.0 + f64::from(n / 3) * 9.0,
                )
            })
            .collect();
        let areas = crowd(&places).arrange(&names(&places));
        for (n, a) in areas.iter().enumerate() {
            for b in &areas[..n] {
                assert!(overlap(a, b) < 1e-9, "{a:?} {b:?}");
            }
            assert!(places.iter().all(|&at| !inside(a, at)), "{a:?}");
        }
        assert_eq!(areas, crowd(&places).arrange(&names(&places)));
    }

    #[test]
    fn names_stay_within_the_plot_and_follow_their_arrows() {
        let places = [(1.0, 1.0), (299.0, 199.0), (299.0, 1.0)];
        for area in crowd(&places).arrange(&names(&places)) {
            assert!(area.x >= 0.0 && area.right() <= 300.0, "{area:?}");
            assert!(area.y >= 0.0 && area.bottom() <= 200.0, "{area:?}");
        }
        let at = [(100.0, 100.0)];
        let mut arrow = names(&at);
        assert!(crowd(&at).arrange(&arrow)[0].x > 100.0, "to the right");
        arrow[0].away = Some((-50.0, 0.0));
        assert!(crowd(&at).arrange(&arrow)[0].right() < 100.0, "onwards");
    }

    #[test]
    fn names_keep_clear_of_lines_and_words() {
        let at = [(100.0, 100.0)];
        let mut crowd = crowd(&at);
        crowd.lines.push(((100.0, 100.0), (300.0, 100.0)));
        crowd.taken.push(Rect {
            x: 95.0,
            y: 60.0,
            width: 200.0,
            height: 36.0,
        });
        let area = crowd.arrange(&names(&at))[0];
        assert!(area.y > 100.0 || area.right() < 100.0, "{area:?}");
    }
}
