//! Shapes on a square canvas, each a test "is this point inside?".
//!
//! MiniGrid fills every subpixel whose centre passes such a test. Its triangle and line keep their
//! corners as 32-bit floats and everything else as 64-bit ones; so do ours, for the same pixels.

/// A region of the unit square; x grows to the right, y downwards.
pub(super) enum Shape {
    /// `[x min, x max, y min, y max]`, borders included.
    Rect([f64; 4]),
    /// Centre x, centre y, radius; border included.
    Circle(f64, f64, f64),
    /// Points at most `radius` away from the segment.
    Line {
        from: (f64, f64),
        to: (f64, f64),
        radius: f64,
    },
    /// MiniGrid's agent, turned by this many quarter turns clockwise.
    Agent(u8),
}

impl Shape {
    pub(super) fn contains(&self, x: f64, y: f64) -> bool {
        match *self {
            Self::Rect([x0, x1, y0, y1]) => x >= x0 && x <= x1 && y >= y0 && y <= y1,
            Self::Circle(cx, cy, r) => (x - cx) * (x - cx) + (y - cy) * (y - cy) <= r * r,
            Self::Line { from, to, radius } => near_segment(from, to, radius, x, y),
            Self::Agent(quarter_turns) => {
                let theta = -(0.5 * std::f64::consts::PI * f64::from(quarter_turns));
                let (x, y) = (x - 0.5, y - 0.5);
                in_triangle(
                    [(0.12, 0.19), (0.87, 0.50), (0.12, 0.81)],
                    0.5 + x * theta.cos() - y * theta.sin(),
                    0.5 + y * theta.cos() + x * theta.sin(),
                )
            }
        }
    }
}

fn single((x, y): (f64, f64)) -> [f32; 2] {
    [x as f32, y as f32]
}

/// Dot product of a 32-bit and a 64-bit vector, in 64 bits.
fn dot(a: [f32; 2], b: [f64; 2]) -> f64 {
    f64::from(a[0]) * b[0] + f64::from(a[1]) * b[1]
}

fn dot_single(a: [f32; 2], b: [f32; 2]) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}

fn near_segment(from: (f64, f64), to: (f64, f64), radius: f64, x: f64, y: f64) -> bool {
    let within = |v: f64, a: f64, b: f64| v >= a.min(b) - radius && v <= a.max(b) + radius;
    if !within(x, from.0, to.0) || !within(y, from.1, to.1) {
        return false;
    }
    let ([ax, ay], [bx, by]) = (single(from), single(to));
    let along = [bx - ax, by - ay];
    let length = dot_single(along, along).sqrt();
    let unit = [along[0] / length, along[1] / length];
    let to_point = [x - f64::from(ax), y - f64::from(ay)];
    let t = dot(unit, to_point).clamp(0.0, f64::from(length));
    let dx = x - (f64::from(ax) + t * f64::from(unit[0]));
    let dy = y - (f64::from(ay) + t * f64::from(unit[1]));
    (dx * dx + dy * dy).sqrt() <= radius
}

/// Barycentric test; the two edges at the first corner count as inside, the third does not.
fn in_triangle(corners: [(f64, f64); 3], x: f64, y: f64) -> bool {
    let [a, b, c] = corners.map(single);
    let v0 = [c[0] - a[0], c[1] - a[1]];
    let v1 = [b[0] - a[0], b[1] - a[1]];
    let v2 = [x - f64::from(a[0]), y - f64::from(a[1])];
    let (d00, d01, d11) = (dot_single(v0, v0), dot_single(v0, v1), dot_single(v1, v1));
    let (d02, d12) = (dot(v0, v2), dot(v1, v2));
    let scale = f64::from(1.0 / (d00 * d11 - d01 * d01));
    let u = (f64::from(d11) * d02 - f64::from(d01) * d12) * scale;
    let v = (f64::from(d00) * d12 - f64::from(d01) * d02) * scale;
    u >= 0.0 && v >= 0.0 && u + v < 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_points_where_it_looks() {
        // Near the tip it is narrow; near the other end it is wide.
        let tips = [(0.85, 0.5), (0.5, 0.85), (0.15, 0.5), (0.5, 0.15)];
        let base = [(0.15, 0.7), (0.3, 0.15), (0.85, 0.3), (0.7, 0.85)];
        for turns in 0..4 {
            let agent = Shape::Agent(turns as u8);
            let inside = |(x, y): (f64, f64)| agent.contains(x, y);
            assert!(inside(tips[turns]) && inside(base[turns]), "{turns}");
            // The next heading's base corner lies beside this one's flank.
            assert!(!inside(base[(turns + 2) % 4]), "{turns}");
        }
    }

    #[test]
    fn lines_have_round_ends() {
        let line = Shape::Line {
            from: (0.2, 0.5),
            to: (0.6, 0.5),
            radius: 0.1,
        };
        assert!(line.contains(0.4, 0.59) && !line.contains(0.4, 0.61));
        assert!(line.contains(0.69, 0.5) && !line.contains(0.68, 0.58));
    }
}
